import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse } from "yaml";
import { z } from "zod";
import { requireKnownKeys } from "../checked.js";
import { UserError } from "../errors.js";
import { METHODS, type MethodName } from "../methods/index.js";
import { nearestPath } from "../missing-path.js";
import { nearestWord } from "../nearest-word.js";
import { gpuCount, gpuIndex } from "../torch/index.js";
import { requireRun } from "../train/index.js";
import {
  type Config,
  type ConfigInput,
  configSchema,
  parseConfig,
  requireEffect,
} from "./config.js";

/** Any part of a value, nested to any depth; null removes a key. */
type Part<T> = T extends readonly unknown[]
  ? T
  : T extends object
    ? { readonly [Key in keyof T]?: Part<T[Key]> | null }
    : T;

/** Changes of a configuration. */
export type Overrides = Part<ConfigInput>;

/** A preset: a configuration, and changes for some methods. */
export type Preset = ConfigInput & {
  readonly byMethod?: { readonly [Name in MethodName]?: Overrides };
};

/** Changes of a preset or of a run's configuration. */
export interface Changes {
  readonly overrides?: Overrides | undefined;
  /** Assignments such as "train.steps=1000", which are applied last. */
  readonly set?: readonly string[] | undefined;
}

/** A preset and its changes. */
export interface Choices extends Changes {
  /** A name, the path of a YAML file, or the preset itself. */
  readonly preset: string | Preset;
  readonly method?: string | undefined;
  readonly seed?: number | undefined;
  readonly steps?: number | undefined;
}

type Table = Record<string, unknown>;

const isTable = (value: unknown): value is Table =>
  typeof value === "object" && value !== null && !Array.isArray(value);

const presetFolder = fileURLToPath(new URL("../../presets/", import.meta.url));

/** Names of the built-in presets. */
export function presetNames(): string[] {
  return readdirSync(presetFolder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => basename(name, ".yaml"));
}

/** A YAML value. @throws if an anchor is inside its own value, which no setting can be */
function tree(text: string): unknown {
  const value: unknown = parse(text, { merge: true, logLevel: "error" });
  try {
    JSON.stringify(value);
  } catch {
    throw new Error("an anchor contains itself");
  }
  return value;
}

/** Reads a preset by name, or any YAML file by path, without checking its keys. */
export function readPreset(name: string): Table {
  const path = name.endsWith(".yaml") ? name : join(presetFolder, `${name}.yaml`);
  if (!existsSync(path)) throw missingPreset(name);
  let value: unknown;
  try {
    value = tree(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UserError(
      "damaged-file",
      `${path} is not valid YAML: ${(error as Error).message.split("\n")[0]}`,
    );
  }
  if (isTable(value)) return value;
  throw new UserError(
    "unsupported-file",
    `${path}: expected a table of keys such as method, source, target`,
  );
}

/** The error for a name or path that is not a preset, with the nearest name or file. */
function missingPreset(name: string): UserError {
  const isPath = name.endsWith(".yaml");
  const near =
    nearestPath(isPath ? name : `${name}.yaml`) ?? nearestWord(nameOf(name), presetNames());
  const mean = near ? `did you mean ${near}? ` : "";
  if (isPath) return new UserError("not-found", `${name} does not exist: ${mean}expected a preset`);
  return new UserError(
    "unknown-name",
    `unknown preset ${name}: ${mean}expected the path of a .yaml file, or one of ` +
      presetNames().join(", "),
  );
}

/**
 * Applies `a.b.c=value` to a raw configuration. The value is YAML; null removes the key.
 * @throws UserError for an assignment that would have no effect
 */
export function override(config: Table, assignment: string): void {
  const { keys, value, refuse } = parsed(assignment);
  if (value === null) {
    const part = keys.reduceRight<unknown>((inner, key) => ({ [key]: inner }), null);
    requireKnownKeys(configSchema, part, `--set ${assignment}`);
  }
  const last = keys.pop() as string;
  let table = config;
  for (const [i, key] of keys.entries()) {
    const inner = Object.hasOwn(table, key) ? (table[key] ?? {}) : {};
    if (!isTable(inner)) {
      const path = keys.slice(0, i + 1).join(".");
      throw refuse(
        `${path} is ${JSON.stringify(inner)}, which does not have keys; set ${path} itself`,
      );
    }
    table[key] = inner;
    table = inner;
  }
  if (value === null) delete table[last];
  else table[last] = value;
}

const MISSING = "the value is missing; null removes the key";

/** The keys and the value of `a.b.c=value`, and what makes an error of a reason against it. */
export function parsed(assignment: string) {
  const refuse = (why: string) => new UserError("invalid-value", `--set ${assignment}: ${why}`);
  const at = assignment.indexOf("=");
  if (at < 1) throw refuse("expected key=value, e.g. train.steps=1000");
  const keys = assignment.slice(0, at).split(".");
  if (keys.includes("__proto__")) throw refuse("__proto__ is not a key");
  const text = assignment.slice(at + 1).trim();
  if (text === "") throw refuse(MISSING);
  if (text.startsWith("#")) throw refuse(`${MISSING} (# begins a comment; quote it if it is text)`);
  try {
    return { keys, value: tree(text), refuse };
  } catch (error) {
    const [reason] = (error as Error).message.split("\n") as [string];
    throw refuse(
      `the value is not valid YAML (${reason.replace(/:$/, "")}); quote it if it is text`,
    );
  }
}

/** A preset with its changes, checked. @throws UserError with the key that is wrong */
export function configuration(choices: Choices): Config {
  const { preset, seed, steps, overrides = {}, set = [] } = choices;
  const where = typeof preset === "string" ? preset : "configuration";
  const table = typeof preset === "string" ? readPreset(preset) : preset;
  requireSetOnce(set, { method: choices.method, "train.seed": seed, "train.steps": steps });
  const method = choices.method ?? methodIn(set) ?? overrides.method;
  const own = forMethod(structuredClone(table) as Table, method, where);
  const raw = changed(own, overrides as Table, "the changes");
  if (seed !== undefined) override(raw, `train.seed=${seed}`);
  if (steps !== undefined) override(raw, `train.steps=${steps}`);
  for (const assignment of set) override(raw, assignment);
  const config = parseConfig(raw, where);
  requireEffect(config, where);
  return config;
}

/**
 * Requires that keys that have an option of their own are not in `--set`, too, alone or within a table.
 * @throws UserError with the first that is given twice
 */
export function requireSetOnce(
  set: readonly string[],
  options: Readonly<Record<string, unknown>>,
): void {
  for (const [key, value] of Object.entries(options)) {
    if (value === undefined) continue;
    const own = `${key} has an option of its own, which is ${value} here`;
    for (const one of set) {
      const path = parsed(one).keys.join(".");
      if (path !== key && !key.startsWith(`${path}.`)) continue;
      throw new UserError(
        "conflicting-options",
        path === key
          ? `--set ${one}: ${own}: leave out one of the two`
          : `--set ${one}: this replaces all of ${path}, but ${own}: set single keys of ${path} instead`,
      );
    }
  }
}

/** The method of the last assignment to it; the default if that removes it. */
function methodIn(set: readonly string[]): unknown {
  const [last] = set.filter((one) => one.startsWith("method=")).slice(-1);
  return last && (parsed(last).value ?? configSchema.shape.method.parse(undefined));
}

/** The name of a preset in messages and in the names of run folders. */
export const nameOf = (preset: string | Preset): string =>
  typeof preset === "string" ? basename(preset, ".yaml") : "experiment";

/**
 * The configuration for one method, with its changes in `byMethod` applied. So one file can describe a
 * comparison whose rows differ in more than their options (only CFContra has the coarse stage).
 */
function forMethod(
  { byMethod = {}, ...shared }: Record<string, unknown>,
  method: unknown,
  preset: string,
): Record<string, unknown> {
  const chosen = method ?? shared.method ?? configSchema.shape.method.parse(undefined);
  const changes = byMethodSchema.safeParse(byMethod);
  if (!changes.success) {
    throw new UserError(
      "invalid-value",
      `${preset}: byMethod: expected a table of changes for each method (${METHODS.join(", ")})`,
    );
  }
  const own = changes.data[chosen as MethodName] ?? {};
  return { ...changed(shared, own, `${preset}: byMethod.${chosen}`), method: chosen };
}

const byMethodSchema = z.partialRecord(
  z.enum(METHODS as [MethodName, ...MethodName[]]),
  z.record(z.string(), z.unknown()),
);

/** A configuration with changes. @throws UserError for a key that does not exist, also one to remove */
function changed(config: Table, changes: Table, where: string): Table {
  requireKnownKeys(configSchema, changes, where);
  return laidOver(config, changes);
}

/** Merges tables key by key, and replaces other values; null removes a key. */
function laidOver(under: Table, over: Table): Table {
  const merged = { ...under };
  for (const [key, value] of Object.entries(over)) {
    if (value === undefined) continue;
    const below = merged[key];
    if (value === null) delete merged[key];
    else merged[key] = isTable(value) ? laidOver(isTable(below) ? below : {}, value) : value;
  }
  return merged;
}

/** The configuration of an existing run, with changes. @throws UserError if there is none */
export function runConfig(out: string, { overrides, set = [] }: Changes = {}): Config {
  requireRun(out);
  const path = join(out, "config.yaml");
  const raw = changed(readPreset(path), (overrides ?? {}) as Table, "the changes");
  for (const assignment of set) override(raw, assignment);
  const config = parseConfig(raw, path);
  const isAsked =
    overrides?.train?.device !== undefined || set.some((one) => one.startsWith("train.device="));
  return isAsked ? config : onWhatIsHere(config);
}

/** Replaces a GPU that this machine does not have with `auto`, so that a run opens and resumes anywhere. */
function onWhatIsHere(config: Config): Config {
  const index = gpuIndex(config.train.device);
  if (index === undefined || index < gpuCount()) return config;
  return { ...config, train: { ...config.train, device: "auto" } };
}
