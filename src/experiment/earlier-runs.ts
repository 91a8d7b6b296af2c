import { existsSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { UserError } from "../errors.js";
import { openRunFolder } from "../train/index.js";
import { requireWritable } from "../write-atomically.js";
import { type Config, parseConfig } from "./config.js";
import { withAbsoluteRoots } from "./domains.js";
import { nameOf, type Preset, runConfig } from "./presets.js";
import { hasRun, type RunEvent, type RunOptions, requireNewRun, run } from "./run.js";
import { decidesAfter, decidesPretraining, requireSame, sharedByRuns } from "./same-settings.js";

/** A run whose weights another run starts from. */
export interface EarlierRun {
  readonly config: Config;
  /** Its run folder. */
  readonly out: string;
  readonly state: "missing" | "begun" | "complete";
}

/** The default folder of an earlier run, by its name: "pretrained", "minent-first". */
export type Beside = (name: string) => string;

/** The default folders of the earlier runs of a preset, in `folder`. */
export const besideRuns =
  (preset: string | Preset, seed: number, folder: string): Beside =>
  (name) =>
    join(folder, `${nameOf(preset)}-${name}-${seed}`);

const isComplete = (out: string) => existsSync(join(out, "result.json"));

/** A schedule that does not end before the training; else undefined, for the training's own. */
const longEnough = (schedule: number | undefined, steps: number) =>
  schedule !== undefined && schedule >= steps ? schedule : undefined;

/**
 * The source-only run that all methods of a configuration start from; undefined without a `pretrain`
 * section. It does not learn from labelled target images.
 * @throws UserError if its folder contains a run with other settings
 */
export function pretrainingOf(
  { pretrain, after: _, labelledTarget: _few, ...rest }: Config,
  beside: Beside,
  data: string,
): EarlierRun | undefined {
  if (pretrain === undefined) return undefined;
  const { augment = rest.augment, run: out = beside("pretrained"), ...train } = pretrain;
  const own = {
    ...{ ...rest, method: "source-only", style: {}, augment },
    train: { ...rest.train, ...train, schedule: longEnough(rest.train.schedule, train.steps) },
  };
  return found(parseConfig(own, "pretrain"), out, "pretrain", data);
}

/**
 * The run of another method that a configuration starts from; undefined without `after`.
 * @param pretrained the run folder of its pretraining
 * @throws UserError if its folder contains a run with other settings, or if an existing run is not
 *   complete or has another network, other classes or other data
 */
function runBefore(
  { after, ...rest }: Config,
  pretrained: string | undefined,
  beside: Beside,
  data: string,
): EarlierRun | undefined {
  if (after === undefined) return undefined;
  const { method, run: named, augment = rest.augment, ...train } = after;
  if (method === undefined) return finished(named as string, rest, data);
  const own = {
    ...{ ...rest, method, augment, train: { ...rest.train, ...train } },
    ...(rest.pretrain && { pretrain: { ...rest.pretrain, run: pretrained } }),
  };
  return found(parseConfig(own, "after"), named ?? beside(`${method}-first`), "after", data);
}

/** A run with these settings, and whether it is missing, begun or complete. */
function found(
  config: Config,
  out: string,
  section: "pretrain" | "after",
  data: string,
): EarlierRun {
  if (!hasRun(out)) return { config, out, state: "missing" };
  const decides = section === "pretrain" ? decidesPretraining : decidesAfter;
  const advice = `remove it, or name another folder in ${section}.run`;
  requireSame(out, decides(runConfig(out)), decides(withAbsoluteRoots(config, data)), advice);
  return { config, out, state: isComplete(out) ? "complete" : "begun" };
}

/** An existing run of any method, with the same settings of network and data. */
function finished(out: string, wanted: Config, data: string): EarlierRun {
  const config = runConfig(out);
  if (!isComplete(out)) {
    throw new UserError(
      "run-incomplete",
      `after: ${out} is not complete; resume it with \`train --resume\`, or choose another run`,
    );
  }
  const shared = sharedByRuns(withAbsoluteRoots(wanted, data));
  requireSame(
    out,
    sharedByRuns(config),
    shared,
    "`after` needs a run with the same network and data",
  );
  return { config, out, state: "complete" };
}

/** The earlier runs that a configuration needs. */
function chainOf(config: Config, beside: Beside, data: string) {
  const folder = config.pretrain && (config.pretrain.run ?? beside("pretrained"));
  const before = runBefore(config, folder, beside, data);
  const pretraining =
    before?.state === "complete" ? undefined : pretrainingOf(config, beside, data);
  return { pretraining, before };
}

/** A configuration with the folders of its earlier runs filled in. */
function withFolders(config: Config, beside: Beside): Config {
  const { pretrain, after } = config;
  return {
    ...config,
    ...(pretrain && { pretrain: { ...pretrain, run: pretrain.run ?? beside("pretrained") } }),
    ...(after && { after: { ...after, run: after.run ?? beside(`${after.method}-first`) } }),
  };
}

/**
 * Trains or resumes an earlier run, unless it is complete.
 * @throws UserError like `run`
 */
export async function* makeEarlier(
  { config, out, state }: EarlierRun,
  options: Omit<RunOptions, "config" | "out" | "resume">,
): AsyncGenerator<RunEvent, void, undefined> {
  if (state !== "complete") yield* run({ ...options, config, out, resume: state === "begun" });
}

/** @throws UserError if the run folder contains a run or cannot be created, before hours of pretraining */
function requireRunFolder(out: string): void {
  requireNewRun(out);
  const existed = existsSync(out);
  openRunFolder(out);
  requireWritable(join(out, "config.yaml"));
  if (!existed) rmdirSync(out);
}

/**
 * Trains a configuration: first its pretraining and the run named by `after`, unless they are complete,
 * then the method from their weights. Ends if an earlier run is stopped. With `resume`, it continues `out`, or the
 * earlier run in which it was stopped.
 * @throws UserError like `run`
 */
export async function* trainChain(
  options: RunOptions & { readonly beside: Beside },
): AsyncGenerator<RunEvent, void, undefined> {
  const { data, out, beside, group } = options;
  const config = withFolders(options.config, beside);
  if (options.resume && hasRun(out)) return yield* run({ ...options, config });
  const { pretraining, before } = chainOf(config, beside, data);
  if (options.resume && ![pretraining, before].some((one) => one && one.state !== "missing")) {
    throw new UserError("no-checkpoint", `${out} does not contain a run that could be resumed`);
  }
  if (group === undefined || group.rank === 0) requireRunFolder(out);
  for (const [earlier, section] of [
    [pretraining, "pretrain"],
    [before, "after"],
  ] as const) {
    if (earlier === undefined) continue;
    for await (const event of makeEarlier(earlier, { ...options, section })) {
      yield event;
      if (event.type === "end" && !event.result.complete) return;
    }
  }
  yield* run({ ...options, config, resume: false });
}
