import { resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.js";
import { camvidSchema, openCamvid } from "./camvid.js";
import { cityscapesSchema, openCityscapes } from "./cityscapes.js";
import type { Dataset } from "./dataset.js";
import { folderSchema, openFolder } from "./folder.js";
import { gta5Schema, openGta5 } from "./gta5.js";
import { nearestWord } from "./nearest-word.js";
import { openStreets, streetsSchema } from "./streets/streets.js";
import { openSynthia, synthiaSchema } from "./synthia.js";

const schemas = {
  gta5: gta5Schema,
  synthia: synthiaSchema,
  cityscapes: cityscapesSchema,
  camvid: camvidSchema,
  folder: folderSchema,
  streets: streetsSchema,
} as const;

/** The options of any data set; `type` says which. */
export const datasetSchema = z.discriminatedUnion("type", [
  gta5Schema,
  synthiaSchema,
  cityscapesSchema,
  camvidSchema,
  folderSchema,
  streetsSchema,
]);

/** What a configuration says of a data set, checked. */
export type DatasetSpec = z.infer<typeof datasetSchema>;

/**
 * Checks the options of a data set.
 * @param where the key they were found under, for messages
 * @throws UserError naming the faulty key, with the nearest known one
 */
export function parseDatasetSpec(spec: unknown, where = "dataset"): DatasetSpec {
  const types = Object.keys(schemas);
  const type = typeof spec === "object" && spec !== null && "type" in spec ? spec.type : undefined;
  if (typeof type !== "string" || !(type in schemas)) {
    const near = typeof type === "string" ? nearestWord(type, types) : undefined;
    const found = type === undefined ? "is missing" : `${JSON.stringify(type)} is unknown`;
    throw new UserError(
      `${where}.type ${found}; expected one of ${types.join(", ")}` +
        `${near ? `; did you mean ${near}?` : "."}`,
    );
  }
  const schema = schemas[type as keyof typeof schemas];
  const parsed = schema.safeParse(spec);
  if (parsed.success) return parsed.data;
  const issue = parsed.error.issues[0];
  const path = [where, ...(issue?.path ?? [])].join(".");
  if (issue?.code === "unrecognized_keys") {
    const key = issue.keys[0] ?? "";
    const known = Object.keys(schema.shape);
    const near = nearestWord(key, known);
    throw new UserError(
      `${path}.${key} is no option of ${type} data sets, which know ${known.join(", ")}` +
        `${near ? `; did you mean ${near}?` : "."}`,
    );
  }
  const message = (issue?.message ?? "not understood").replace(/^Invalid (input|option): /, "");
  throw new UserError(`${path}: ${message}.`);
}

/**
 * Opens the data set that `spec` describes.
 * @param base folder that a relative `root` starts from; the working folder by default
 * @param onProgress called where the data set is made first (streets): what, done, total
 * @throws UserError for faulty options and for missing, empty or unequal folders
 */
export async function openDataset(
  spec: unknown,
  base = process.cwd(),
  onProgress?: (name: string, done: number, total: number) => void,
): Promise<Dataset> {
  const parsed = parseDatasetSpec(spec);
  const options = { ...parsed, root: resolve(base, parsed.root) };
  switch (options.type) {
    case "gta5":
      return openGta5(options);
    case "synthia":
      return openSynthia(options);
    case "cityscapes":
      return openCityscapes(options);
    case "camvid":
      return openCamvid(options);
    case "folder":
      return openFolder(options);
    case "streets": {
      const name = `drawing streets, ${options.domain} ${options.split}`;
      return openStreets(options.root, {
        ...options,
        onProgress: (done, total) => onProgress?.(name, done, total),
      });
    }
    default:
      return options satisfies never;
  }
}
