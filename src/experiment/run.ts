import { existsSync, rmdirSync } from "node:fs";
import { join } from "node:path";
import { setImmediate as turnOfEventLoop } from "node:timers/promises";
import { UserError } from "../errors.js";
import type { Scores } from "../evaluate/index.js";
import type { Method } from "../methods/index.js";
import {
  alone,
  type DeviceMemory,
  deviceMebibytes,
  type ProcessGroup,
  resetDevicePeak,
} from "../torch/index.js";
import {
  anyRank,
  type CheckpointInfo,
  checkpoints,
  lockRunFolder,
  openRunFolder,
  randomStates,
  type StepReport,
  saveInto,
  trainingSteps,
} from "../train/index.js";
import { stageRecord } from "./coarse-stage.js";
import type { Config } from "./config.js";
import { onDevice } from "./device.js";
import { withAbsoluteRoots } from "./domains.js";
import { consoleListener, type Listener } from "./listener.js";
import { prepare } from "./prepare.js";
import { runNotes } from "./run-notes.js";
import { writeReport } from "./write-report.js";

/** Options of `run`. */
export interface RunOptions {
  readonly config: Config;
  /** The run folder. */
  readonly out: string;
  /** The folder of relative data roots. */
  readonly data: string;
  /** Resume from the newest checkpoint of `out`. */
  readonly resume?: boolean | undefined;
  /** The processes that train together. Rank 0 writes the run folder. */
  readonly group?: ProcessGroup | undefined;
  /** The device of this process. Default: the configuration's. */
  readonly device?: string | undefined;
  readonly listener?: Listener | undefined;
  /** Set for an earlier run: the section of the configuration that requires it. */
  readonly section?: "pretrain" | "after" | undefined;
  /** On abort, the run finishes its step, saves a checkpoint and ends incomplete. */
  readonly signal?: AbortSignal | undefined;
}

/** `result.json`: the scores, time and memory of a run. */
export interface RunResult {
  readonly method: string;
  readonly seed: number;
  readonly steps: number;
  /** The first step of a resumed run. Times cover the steps after it. */
  readonly start: number;
  readonly seconds: number;
  /** Fraction of the step time that was spent waiting for data. */
  readonly waiting: number;
  /** Peak resident memory of this process, in MiB. */
  readonly peakMemory: number;
  /** Memory of the GPU in MiB; only on a GPU. */
  readonly gpuMemory?: DeviceMemory;
  readonly classes: readonly string[];
  /** `train.ema`, if the scores are those of the running average of the network. */
  readonly ema?: number;
  /** Scores by evaluation set, of the last snapshot. */
  readonly scores: Readonly<Record<string, Scores>>;
  /** false if it was stopped; it can be resumed. */
  readonly complete: boolean;
}

/** The events of a run, in order. */
export type RunEvent =
  | {
      readonly type: "start";
      readonly out: string;
      readonly method: string;
      readonly seed: number;
      /** Steps done, of `steps`. */
      readonly step: number;
      readonly steps: number;
      /** train.rate. */
      readonly rate: number;
      /** The method reads images before its first step. */
      readonly looksAround: boolean;
      /** Set for an earlier run: the section of the configuration that requires it. */
      readonly section?: "pretrain" | "after";
    }
  | ({
      readonly type: "step";
      readonly steps: number;
      /** Memory of the GPU in MiB; only on a GPU. */
      readonly gpuMemory?: DeviceMemory;
    } & StepReport)
  | { readonly type: "checkpoint"; readonly step: number; readonly file: string }
  | {
      readonly type: "evaluation";
      readonly step: number;
      readonly scores: Readonly<Record<string, Scores>>;
    }
  | { readonly type: "end"; readonly out: string; readonly result: RunResult };

/**
 * Trains, evaluates and writes the run folder. Leaving the iteration stops the run: it saves a checkpoint
 * and can be resumed.
 * @throws UserError for invalid data, weights or configuration, for a folder that contains another run or that another
 *   process writes, and for a loss that is not finite
 */
export async function* run(options: RunOptions): AsyncGenerator<RunEvent, void, undefined> {
  const { out, group = alone, config } = options;
  const here = onDevice(config, options.device); // before anything is written
  if (group.rank === 0 && !options.resume) requireNewRun(out);
  openRunFolder(out);
  const release = group.rank === 0 ? lockRunFolder(out) : undefined;
  try {
    yield* lockedRun({ ...options, config: here }, config.train.device);
  } finally {
    release?.();
    removeIfEmpty(out); // if the run has not begun
  }
}

/** Whether a folder contains a run, complete or not. */
export const hasRun = (out: string): boolean => existsSync(join(out, "config.yaml"));

/** @throws UserError if a folder contains a run, whose files would be mixed with those of another */
export function requireNewRun(out: string): void {
  if (!hasRun(out)) return;
  throw new UserError(
    "already-exists",
    `${out} already contains a run: continue it with --resume ${out}, or choose another folder with --out`,
  );
}

function removeIfEmpty(folder: string): void {
  try {
    rmdirSync(folder);
  } catch {
    // It contains a run.
  }
}

/** @param asked `train.device` before it was resolved, for `config.yaml` */
async function* lockedRun(
  options: RunOptions,
  asked: string,
): AsyncGenerator<RunEvent, void, undefined> {
  const { out, group = alone, signal, section } = options;
  const config = withAbsoluteRoots(options.config, options.data);
  let done = 0;
  const notes = runNotes(options.listener ?? consoleListener, () => done);
  const { listener } = notes;
  resetDevicePeak(config.train.device);
  const { resume } = options;
  const parts = await prepare(config, out, {
    resume,
    asked,
    group,
    listener: { ...listener, signal },
  });
  const { network, method, records, start } = parts;
  const { seed, steps, checkpointEvery } = config.train;
  const { names: classes } = parts.domains.source.classes;
  const spent = { seconds: 0, waiting: 0 };
  done = start;
  let saved = start;
  let ended = false;
  let evaluating = false;
  let info: Omit<CheckpointInfo, "step"> | undefined;

  function* save(): Generator<RunEvent> {
    const random = randomStates(group);
    saved = done;
    if (!records) return;
    info ??= {
      ...{ method: config.method, classes, network: config.network },
      ...{ stage: stageRecord(config, out), average: recordOf(config, method) },
    };
    const file = saveInto(out, { step: done, ...info }, network, method, random);
    yield { type: "checkpoint", step: done, file };
  }

  /** Scores of all sets; undefined if `signal` ended it. All ranks end it together. */
  async function evaluation(): Promise<Readonly<Record<string, Scores>> | undefined> {
    const own = group.size === 1 ? signal : undefined;
    evaluating = true;
    try {
      const results = await parts.measure(done, own);
      await turnOfEventLoop(); // to receive a signal that was sent during the last image
      own?.throwIfAborted();
      const scores = (await records?.recorder.snapshot(done, results)) ?? {};
      evaluating = false;
      return scores;
    } catch (error) {
      if (own?.aborted && error === own.reason) return undefined;
      throw error;
    }
  }

  const result = (scores: Readonly<Record<string, Scores>>, complete: boolean): RunResult => {
    const { seconds, waiting } = spent;
    const share = seconds > 0 ? waiting / seconds : 0;
    const { ema } = config.train;
    return {
      ...{ method: config.method, seed, steps: done, start },
      ...{ seconds, waiting: share, peakMemory: peakMemory() },
      ...deviceMebibytes(network.device),
      ...(ema !== undefined && { ema }),
      ...{ classes, scores, complete },
    };
  };

  try {
    if (records) notes.writeTo(records.folder, start);
    const looksAround = method.before !== undefined;
    const about = { method: config.method, seed, rate: config.train.rate, looksAround };
    yield { type: "start", out, step: start, steps, ...about, ...(section && { section }) };
    // Step 0 is the start of the curve. A later step is one after whose checkpoint, and before whose
    // evaluation, the run was interrupted.
    let stopped = false;
    if (start < steps && parts.evaluatesAt(start)) {
      const scores = await evaluation();
      if (scores) yield { type: "evaluation", step: start, scores };
      else stopped = true;
    }
    if (!stopped) {
      for await (const report of trainingSteps(parts.loop)) {
        done = report.step;
        spent.seconds += report.seconds;
        spent.waiting += report.waiting;
        records?.status.at(done);
        records?.recorder.step(report);
        yield { type: "step", steps, ...report, ...deviceMebibytes(network.device) };
        stopped = anyRank(group, signal?.aborted ?? false);
        if (done % checkpointEvery === 0 || done === steps || stopped) yield* save();
        if (stopped) break;
        if (!parts.evaluatesAt(done) || done === steps) continue;
        const scores = await evaluation();
        if (scores) yield { type: "evaluation", step: done, scores };
        else {
          stopped = true;
          if (saved < done) yield* save();
          break;
        }
      }
    }
    stopped ||= anyRank(group, signal?.aborted ?? false); // since the last step
    const scores = done === steps && !stopped ? await evaluation() : undefined;
    if (scores) yield { type: "evaluation", step: done, scores };
    const final = result(scores ?? {}, scores !== undefined);
    if (final.complete) records?.folder.writeJson("result.json", final);
    records?.status.end(final.complete ? "complete" : "stopped");
    ended = true;
    if (final.complete && records) await report(out, listener);
    yield { type: "end", out, result: final };
  } catch (error) {
    ended = true;
    const located = outOfMemoryAt(error as Error, done, evaluating);
    const failure = withLatestCheckpoint(located, records ? out : undefined);
    records?.status.end("failed", failure.message);
    throw failure;
  } finally {
    try {
      if (!ended && saved < done) Array.from(save()); // the caller has left the iteration
    } finally {
      if (!ended) records?.status.end("stopped");
      parts.dispose();
    }
  }
}

/** Writes the report. If this fails, the run is still complete. */
async function report(out: string, listener: Listener): Promise<void> {
  listener.progress("writing report.html", 0, 0);
  try {
    await writeReport(out, {}, listener);
  } catch (error) {
    const { message } = error as Error;
    listener.note(
      `The report could not be written (${message}); run \`cfcontra report ${out}\` to try again.`,
      "warning",
    );
  }
}

/** The metadata of a checkpoint about the running average that is evaluated. */
function recordOf({ train }: Config, { average }: Method): CheckpointInfo["average"] {
  if (train.ema === undefined || average === undefined) return undefined;
  const { decay, prefix } = average;
  return { decay, prefix };
}

/** Peak resident memory of this process so far, in MiB. */
export const peakMemory = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

/** Adds to an out-of-memory error's message when it occurred, and the keys that affect memory then. */
function outOfMemoryAt(error: Error, done: number, evaluating: boolean): Error {
  if (!(error instanceof UserError) || error.code !== "out-of-memory") return error;
  const [when, keys] = evaluating
    ? [`evaluation after step ${done}`, "sizes.evaluate, sizes.output, network.width"]
    : [`step ${done + 1}`, "train.batch, sizes, network.width, train.precision"];
  return new UserError(error.code, `${when}: ${error.message} (${keys})`, { cause: error });
}

/** Adds the checkpoint from which the run can be resumed to an error's message. */
function withLatestCheckpoint(error: Error, out: string | undefined): Error {
  if (!(error instanceof UserError) || out === undefined) return error;
  const latest = checkpoints(out).at(-1);
  const way = latest
    ? `the newest checkpoint is ${latest}`
    : "it has not saved a checkpoint yet (train.checkpointEvery)";
  return new UserError(error.code, `${error.message}; ${way}`, {
    cause: error,
  });
}
