import { z } from "zod";
import { shapeOf, unwrapped } from "../../checked.js";
import { DATASET_TYPES } from "../../datasets/open.js";
import { configSchema } from "../../experiment/config.js";

/** The keys that each hold one data set. */
const DATASETS = ["source", "target", "labelledTarget"];

/** The words after `--set`: `train.steps=`, and for keys with few values `method=minent`, ... */
export function settings(): string[] {
  const sets = DATASETS.flatMap((domain) => [
    ...Object.keys(DATASET_TYPES).map((type) => `${domain}.type=${type}`),
    `${domain}.root=`,
  ]);
  return [...settingsOf(configSchema, ""), ...sets];
}

function settingsOf(schema: z.ZodType, above: string): string[] {
  return Object.entries(shapeOf(schema) ?? {}).flatMap(([name, inner]) => {
    const key = above + name;
    if (DATASETS.includes(key)) return []; // each type of data set has its own keys
    if (shapeOf(inner)) return settingsOf(inner, `${key}.`);
    const values = valuesOf(unwrapped(inner));
    return values.length > 0 ? values.map((value) => `${key}=${value}`) : `${key}=`;
  });
}

function valuesOf(schema: z.ZodType | undefined): string[] {
  if (schema instanceof z.ZodBoolean) return ["true", "false"];
  return schema instanceof z.ZodEnum ? schema.options.map(String) : [];
}
