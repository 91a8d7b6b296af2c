import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { parse } from "yaml";
import { UserError } from "../errors.js";
import { type Config, override, parseConfig, readPreset } from "./config.js";

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
  const raw = structuredClone(readPreset(preset));
  if (method !== undefined) raw.method = method;
  if (seed !== undefined) override(raw, `train.seed=${seed}`);
  if (steps !== undefined) override(raw, `train.steps=${steps}`);
  for (const assignment of set) override(raw, assignment);
  return parseConfig(raw, preset);
}

/** The configuration of an existing run, changed by `set`. */
export function runConfig(out: string, set: readonly string[]): Config {
  const path = join(out, "config.yaml");
  if (!existsSync(path)) {
    throw new UserError(`${out} is no run folder: expected ${path}, which \`train\` writes`);
  }
  const raw = parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  for (const assignment of set) override(raw, assignment);
  return parseConfig(raw, path);
}
