import { existsSync, readdirSync, readFileSync } from "node:fs";
import { basename, join, resolve } from "node:path";
import { parse } from "yaml";
import type { z } from "zod";
import type { ClassSet } from "../datasets/dataset.js";
import { UserError } from "../errors.js";
import type { Environment } from "../train/environment.js";
import { readJsonLines } from "../train/run-folder.js";
import type { Status } from "../train/status.js";
import type { ConfusionCounts, Features, PrototypeCosines } from "./run-data.js";
import { settingsOf, taskKey } from "./run-groups.js";
import {
  classesFile,
  configFile,
  confusionFile,
  environmentFile,
  featuresFile,
  metricsLine,
  prototypesLine,
  resultFile,
  statusFile,
} from "./run-schemas.js";
import type { MetricsLine } from "./score-history.js";

/** One image of `previews/` as files, with what the newest snapshot made of it. */
export interface Preview {
  readonly name: string;
  readonly input: string;
  readonly truth: string | undefined;
  readonly prediction: string | undefined;
  readonly entropy: string | undefined;
  readonly step: number | undefined;
}

/** The part of `result.json` that tables need. */
export interface ResultFile {
  readonly method: string;
  readonly seed: number;
  readonly steps: number;
  readonly seconds: number;
  readonly waiting: number;
  readonly classes: readonly string[];
  readonly scores: Readonly<
    Record<string, { iou: (number | null)[]; miou: number; accuracy: number }>
  >;
}

/** What a run folder holds, as far as it is there. Read without libtorch. */
export interface RunFiles {
  readonly path: string;
  readonly name: string;
  /** The resolved configuration as it was written. */
  readonly yaml: string;
  // biome-ignore lint/suspicious/noExplicitAny: whatever configuration an older or newer version wrote
  readonly config: any;
  readonly status: Status | undefined;
  readonly environment: Environment | undefined;
  readonly metrics: readonly MetricsLine[];
  readonly classes: { readonly names: string[]; readonly colors: number[][] };
  readonly confusion: ConfusionCounts | undefined;
  readonly prototypes: readonly (PrototypeCosines & { readonly step: number })[];
  readonly features: Features | undefined;
  readonly result: ResultFile | undefined;
  /** Evaluation sets in the configuration's order: the first one is the target. */
  readonly sets: readonly string[];
}

/** @throws UserError where the folder is no run, or a file in it is damaged */
export function readRun(path: string): RunFiles {
  const file = (name: string) => join(path, name);
  if (!existsSync(file("config.yaml"))) {
    throw new UserError(
      "not-a-run",
      `${path} is no run folder: expected ${file("config.yaml")} in it`,
    );
  }
  const yaml = readFileSync(file("config.yaml"), "utf8");
  const config = checked(file("config.yaml"), configFile, () =>
    JSON.parse(JSON.stringify(parse(yaml, { logLevel: "error" }) ?? null)),
  );
  const json = <T>(name: string, schema: z.ZodType) =>
    readJson(file(name), schema) as T | undefined;
  const lines = <T>(name: string, schema: z.ZodType) =>
    readJsonLines<unknown>(file(name)).map((line) => checked(file(name), schema, () => line) as T);
  const result = json<ResultFile>("result.json", resultFile);
  return {
    path,
    name: basename(resolve(path)),
    ...{ yaml, config, result },
    status: json("status.json", statusFile),
    environment: json("environment.json", environmentFile),
    metrics: lines("metrics.jsonl", metricsLine),
    classes: json("classes.json", classesFile) ?? {
      names: [...(result?.classes ?? [])],
      colors: [],
    },
    confusion: json("confusion.json", confusionFile),
    prototypes: lines("prototypes.jsonl", prototypesLine),
    features: json("features.json", featuresFile),
    sets: Object.keys(config.evaluate),
  };
}

/** The classes of a run with their colours, if it has written them. @throws UserError if damaged */
export const readClasses = (run: string): ClassSet | undefined =>
  readJson(join(run, "classes.json"), classesFile) as ClassSet | undefined;

function readJson(path: string, schema: z.ZodType): unknown {
  if (!existsSync(path)) return undefined;
  return checked(path, schema, () => JSON.parse(readFileSync(path, "utf8")));
}

/** What `read` gives, if it is what a run writes. @throws UserError naming file and fault */
function checked<T>(path: string, schema: z.ZodType<T>, read: () => unknown): T {
  const damaged = (what: string) =>
    new UserError(
      "damaged-file",
      `${path} is not what a run writes: ${what}; restore it, or do without this run`,
    );
  let value: unknown;
  try {
    value = read();
  } catch (error) {
    throw damaged((error as Error).message.split("\n")[0] as string);
  }
  const { data, error } = schema.safeParse(value);
  const [issue] = error?.issues ?? [];
  if (!issue) return data as T;
  throw damaged(`${issue.path.map((key) => `${String(key)}: `).join("")}${issue.message}`);
}

/** The images of `previews/<set>/` in their order. */
export function readPreviews(run: string, set: string): Preview[] {
  const folder = join(run, "previews", set);
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .sort()
    .map((place) => {
      const files = readdirSync(join(folder, place)).sort();
      const at = (name: string | undefined) =>
        name !== undefined && files.includes(name) ? join(folder, place, name) : undefined;
      const prediction = files.filter((name) => name.endsWith("-prediction.png")).at(-1);
      const stem = /^step-(\d+)/.exec(prediction ?? "");
      const name = at("name.txt");
      return {
        name: name ? readFileSync(name, "utf8").trim() : place,
        input: join(folder, place, "input.jpg"),
        truth: at("truth.png"),
        prediction: at(prediction),
        entropy: at(stem ? `${stem[0]}-entropy.png` : undefined),
        step: stem ? Number(stem[1]) : undefined,
      };
    });
}

/** Pairs of `style/`: an image before and after the coarse stage. */
export function readStyleSamples(run: string): { content: string; result: string }[] {
  const folder = join(run, "style");
  if (!existsSync(folder)) return [];
  return readdirSync(folder)
    .filter((name) => name.endsWith("-content.jpg"))
    .sort()
    .map((name) => ({
      content: join(folder, name),
      result: join(folder, name.replace("-content", "-result")),
    }))
    .filter(({ result }) => existsSync(result));
}

/**
 * A complete source-only run beside this one, of the same network, data and sizes: the same seed if
 * there is one. Undefined for a run that is source-only itself, or has no such sibling.
 */
export function findBaseline(run: RunFiles): string | undefined {
  if (run.config?.method === "source-only") return undefined;
  const task = taskKey(settingsOf(run.config));
  const parent = resolve(run.path, "..");
  const siblings = readdirSync(parent)
    .map((name) => join(parent, name))
    .filter(
      (path) => existsSync(join(path, "config.yaml")) && existsSync(join(path, "result.json")),
    );
  const same = siblings.flatMap((path) => {
    const { config } = whole(path) ?? {};
    const alike = config?.method === "source-only" && taskKey(settingsOf(config)) === task;
    return alike ? { path, seed: config.train.seed } : [];
  });
  return (same.find(({ seed }) => seed === run.config.train.seed) ?? same[0])?.path;
}

/** A run, if its folder is not damaged. */
function whole(path: string): RunFiles | undefined {
  try {
    return readRun(path);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
