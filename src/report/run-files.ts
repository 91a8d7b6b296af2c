import { readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import type { z } from "zod";
import type { ClassSet } from "../datasets/dataset.js";
import { UserError } from "../errors.js";
import { isFile } from "../regular-file.js";
import type { Environment } from "../train/environment.js";
import { requireRun } from "../train/require-run.js";
import { readJsonLines } from "../train/run-folder.js";
import type { Status } from "../train/status.js";
import { parseConfigText } from "./config-text.js";
import type { ConfusionCounts, Features, PrototypeCosines, RunNote } from "./run-data.js";
import {
  classesFile,
  configFile,
  confusionFile,
  environmentFile,
  featuresFile,
  lossesFile,
  metricsLine,
  noteLine,
  prototypesLine,
  resultFile,
  statusFile,
} from "./run-schemas.js";
import type { MetricsLine } from "./score-history.js";

/** The part of `result.json` that tables need. */
export interface ResultFile {
  readonly method: string;
  readonly seed: number;
  readonly steps: number;
  readonly seconds: number;
  readonly waiting: number;
  /** In MiB; only of a run on a GPU. */
  readonly gpuMemory?: { readonly peak: number; readonly reserved: number } | undefined;
  /** `train.ema`, if the scores are those of the running average of the network. */
  readonly ema?: number | undefined;
  readonly classes: readonly string[];
  /** By evaluation set, shares 0..1; null if there were no labels to measure with. */
  readonly scores: Readonly<Record<string, SetScores>>;
}

export interface SetScores {
  readonly iou: readonly (number | null)[];
  readonly miou: number | null;
  readonly accuracy: number | null;
}

/** What decides a run's group and baseline, and its result: read without its metrics. */
export interface RunOutcome {
  readonly path: string;
  readonly name: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever configuration an older or newer version wrote
  readonly config: any;
  readonly result: ResultFile | undefined;
}

/** The content of a run folder; undefined or empty for files that are missing. Read without libtorch. */
export interface RunFiles extends RunOutcome {
  /** `config.yaml` as text. */
  readonly yaml: string;
  readonly status: Status | undefined;
  readonly environment: Environment | undefined;
  readonly metrics: readonly MetricsLine[];
  readonly notes: readonly RunNote[];
  readonly classes: { readonly names: string[]; readonly colors: number[][] };
  readonly confusion: ConfusionCounts | undefined;
  /** The weight of each loss by name; empty for a run of an earlier version. */
  readonly weights: Readonly<Record<string, number>>;
  readonly prototypes: readonly (PrototypeCosines & { readonly step: number })[];
  readonly features: Features | undefined;
  /** Evaluation sets in the configuration's order: the first one is the target. */
  readonly sets: readonly string[];
}

/** @throws UserError if the folder is not a run folder, or a file in it is damaged */
export function readRun(path: string): RunFiles {
  const outcome = readOutcome(path);
  const file = (name: string) => join(path, name);
  const json = <T>(name: string, schema: z.ZodType) =>
    readJson(file(name), schema) as T | undefined;
  const lines = <T>(name: string, schema: z.ZodType) =>
    isFile(file(name))
      ? readJsonLines<unknown>(file(name)).map(
          (line) => checked(file(name), schema, () => line) as T,
        )
      : [];
  return {
    ...outcome,
    yaml: readFileSync(file("config.yaml"), "utf8"),
    status: json("status.json", statusFile),
    environment: json("environment.json", environmentFile),
    metrics: lines("metrics.jsonl", metricsLine),
    notes: lines("notes.jsonl", noteLine),
    classes: json("classes.json", classesFile) ?? {
      names: [...(outcome.result?.classes ?? [])],
      colors: [],
    },
    confusion: json("confusion.json", confusionFile),
    weights: json("losses.json", lossesFile) ?? {},
    prototypes: lines("prototypes.jsonl", prototypesLine),
    features: json("features.json", featuresFile),
    sets: Object.keys(outcome.config.evaluate),
  };
}

/** The classes of a run with their colours, if it has written them. @throws UserError if damaged */
export const readClasses = (run: string): ClassSet | undefined =>
  readJson(join(run, "classes.json"), classesFile) as ClassSet | undefined;
/** The configuration and the result of a run. @throws UserError as `readRun` does */
export function readOutcome(path: string): RunOutcome {
  requireRun(path);
  const file = join(path, "config.yaml");
  const config = checked(file, configFile, () => parseConfigText(readFileSync(file, "utf8")));
  const result = readJson(join(path, "result.json"), resultFile) as ResultFile | undefined;
  return { path, name: basename(resolve(path)), config, result };
}

function readJson(path: string, schema: z.ZodType): unknown {
  if (!isFile(path)) return undefined;
  return checked(path, schema, () => JSON.parse(readFileSync(path, "utf8")));
}

/** The value that `read` returns, if it fits the schema. @throws UserError naming file and fault */
function checked<T>(path: string, schema: z.ZodType<T>, read: () => unknown): T {
  const damaged = (what: string, cause: unknown) =>
    new UserError(
      "damaged-file",
      `${path} is damaged (${what}): restore it, or leave this run out`,
      { cause },
    );
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    throw damaged((error as Error).message.split("\n")[0] as string, error);
  }
  const { data, error } = schema.safeParse(value);
  const [issue] = error?.issues ?? [];
  if (!issue) return data as T;
  throw damaged(`${issue.path.map((key) => `${String(key)}: `).join("")}${issue.message}`, error);
}
