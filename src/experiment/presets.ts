import { existsSync } from "node:fs";
import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../errors.js";
import { METHODS, type MethodName } from "../methods/index.js";
import { type Config, configSchema, override, parseConfig, readPreset } from "./config.js";

/** What the options of a command say about the configuration. */
export interface Choices {
  readonly preset: string;
  readonly method?: string | undefined;
  readonly seed?: number | undefined;
  readonly steps?: number | undefined;
  readonly set?: readonly string[];
}

/** A preset with the command line's changes, checked. @throws UserError naming a faulty key */
export function configuration({ preset, method, seed, steps, set = [] }: Choices): Config {
  const raw = forMethod(structuredClone(readPreset(preset)), method, preset);
  if (seed !== undefined) override(raw, `train.seed=${seed}`);
  if (steps !== undefined) override(raw, `train.steps=${steps}`);
  for (const assignment of set) override(raw, assignment);
  return parseConfig(raw, preset);
}

/**
 * The configuration for one method: what `byMethod` says of it laid over the rest. A comparison whose
 * rows differ in more than their options (the coarse stage belongs to CFContra) is one file so.
 */
function forMethod(
  { byMethod = {}, ...shared }: Record<string, unknown>,
  method: string | undefined,
  preset: string,
): Record<string, unknown> {
  const chosen = method ?? shared.method ?? configSchema.shape.method.parse(undefined);
  const changes = byMethodSchema.safeParse(byMethod);
  if (!changes.success) {
    throw new UserError(
      `${preset}: byMethod: expected a table of changes for each method (${METHODS.join(", ")})`,
    );
  }
  const own = changes.data[chosen as MethodName] ?? {};
  return { ...laidOver(shared, own), method: chosen };
}

const byMethodSchema = z.partialRecord(
  z.enum(METHODS as [MethodName, ...MethodName[]]),
  z.record(z.string(), z.unknown()),
);

type Table = Record<string, unknown>;

/** Tables are merged key by key, anything else is replaced. */
function laidOver(under: Table, over: Table): Table {
  const isTable = (value: unknown): value is Table =>
    typeof value === "object" && value !== null && !Array.isArray(value);
  const merged = { ...under };
  for (const [key, value] of Object.entries(over)) {
    const below = merged[key];
    merged[key] = isTable(value) && isTable(below) ? laidOver(below, value) : value;
  }
  return merged;
}

/** The configuration of an existing run, changed by `set`. */
export function runConfig(out: string, set: readonly string[]): Config {
  const path = join(out, "config.yaml");
  if (!existsSync(path)) {
    throw new UserError(`${out} is no run folder: expected ${path}, which \`train\` writes`);
  }
  const raw = readPreset(path);
  for (const assignment of set) override(raw, assignment);
  return parseConfig(raw, path);
}
