import { stringify } from "yaml";
import { writeReport } from "../cli/commands/report.js";
import { interruption } from "../cli/terminal/interruption.js";
import { commandOf } from "../cli/terminal/invocation.js";
import { noLine, note, progressLine, say } from "../cli/terminal/progress.js";
import { UserError } from "../errors.js";
import type { Scores } from "../evaluate/index.js";
import { batchStatistics } from "../network/index.js";
import { openRecorder, type Recorder } from "../report/recorder.js";
import { percent } from "../report/score-table.js";
import { writeStyleSamples } from "../report/style-samples.js";
import { alone, dispose, manualSeed, type ProcessGroup } from "../torch/index.js";
import {
  anyRank,
  checkpoints,
  environment,
  firstThenOthers,
  openRunFolder,
  openStatus,
  ownRandomState,
  type RunFolder,
  randomStates,
  removeHalfWritten,
  resume,
  type StatusFile,
  sameStart,
  saveInto,
  startFrom,
  train,
} from "../train/index.js";
import {
  buildMethod,
  buildNetwork,
  openDomains,
  requireDevice,
  withAbsoluteRoots,
} from "./build.js";
import { openPreparation, stageRecord } from "./coarse-stage.js";
import type { Config } from "./config.js";
import { measureAll } from "./measure.js";
import { sourceOrder } from "./sampling.js";

export interface RunOptions {
  readonly config: Config;
  /** The run folder. */
  readonly out: string;
  /** Where relative data roots start from. */
  readonly data: string;
  readonly resume?: boolean;
  /** The processes that train together. Rank 0 writes the run folder, and speaks. */
  readonly group?: ProcessGroup | undefined;
}

export interface RunResult {
  readonly method: string;
  readonly seed: number;
  readonly steps: number;
  /** Steps that a resumed run had behind it; the times are of those that came after. */
  readonly start: number;
  readonly seconds: number;
  /** Share of the step time that was spent waiting for data. */
  readonly waiting: number;
  /** The most memory that this process has had resident, in MiB. */
  readonly peakMemory: number;
  readonly classes: readonly string[];
  /** Scores by evaluation set; of the last snapshot. */
  readonly scores: Record<string, Scores>;
  /** false where Ctrl-C stopped it; `--resume` goes on. */
  readonly complete: boolean;
}

/** Trains, evaluates and writes the run folder. Ctrl-C and SIGTERM save a checkpoint and return. */
export async function run(options: RunOptions): Promise<RunResult> {
  const result = await trainAndEvaluate(options);
  if (result.complete && (options.group ?? alone).rank === 0) {
    const line = progressLine("writing report.html");
    line.show();
    await writeReport(options.out)
      .catch((error: Error) =>
        note(`no report (${error.message}); ${commandOf("report", options.out)} tries again`),
      )
      .finally(line.end);
  }
  return result;
}

async function trainAndEvaluate({ out, data, ...options }: RunOptions): Promise<RunResult> {
  const { group = alone, resume: resuming = false } = options;
  const parts = await prepare(withAbsoluteRoots(options.config, data), out, resuming, group);
  const { config, domains, network, method, records, start } = parts;
  const { seed, steps, checkpointEvery } = config.train;
  const classes = domains.source.classes.names;
  const stage = stageRecord(config, out);
  const info = { method: config.method, classes, network: config.network, stage };
  const line = records ? progressLine(`${config.method} seed ${seed}`) : noLine;
  const statistics = [network.parameters.all, method.state].flatMap(batchStatistics);
  const interrupted = interruption();
  const spent = { seconds: 0, waiting: 0 };
  let done = start;
  let stopped = false;
  const save = () => {
    const random = randomStates(group);
    if (records) saveInto(out, { step: done, ...info }, network, method, random);
  };
  /** Every rank measures its share of the images, by statistics of all ranks' batches. */
  const snapshot = async () => {
    const results = await parts.measure();
    return (await records?.recorder.snapshot(done, results)) ?? {};
  };
  /**
   * A signal ends an evaluation at once, and resuming makes it anew: that takes a checkpoint of its step,
   * which several ranks could make together only.
   */
  const evaluation = (saved: boolean) =>
    saved || group.size === 1
      ? interrupted.atOnce(() => {
          line.end();
          if (!saved) save();
          records?.status.end("stopped");
          if (records)
            say(`stopped in the evaluation; go on with: ${commandOf("train", "--resume", out)}`);
        }, snapshot)
      : snapshot();
  try {
    // A checkpoint is saved ahead of the evaluation of its step, which a lost machine may have missed.
    if (start > 0 && parts.evaluatesAt(start) && start < steps)
      reached(start, await evaluation(true));
    if (method.before) line.show("looking at images first");
    for await (const report of train(parts.loop)) {
      const { step, seconds } = report;
      done = step;
      records?.status.at(step);
      spent.seconds += seconds;
      spent.waiting += report.waiting;
      records?.recorder.step(report);
      const loss = report.scalars["source/main"] as number;
      line.update(step, steps, `loss ${loss.toFixed(3)}  ${seconds.toFixed(2)} s/step`);
      stopped = anyRank(group, interrupted.asked);
      group.average(statistics); // so that the ranks differ in their random states alone
      const due = step % checkpointEvery === 0 || step === steps || stopped;
      if (due) save();
      if (stopped) break;
      if (parts.evaluatesAt(step) && step < steps) reached(step, await evaluation(due));
    }
    line.end();
    stopped ||= anyRank(group, interrupted.asked); // since the last step
    const complete = done === steps && !stopped;
    const scores = complete ? await evaluation(true) : {};
    const waiting = spent.seconds > 0 ? spent.waiting / spent.seconds : 0;
    const own = {
      method: config.method,
      seed,
      steps: done,
      start,
      seconds: spent.seconds,
      waiting,
    };
    const result: RunResult = { ...own, peakMemory: peakMemory(), classes, scores, complete };
    if (complete) records?.folder.writeJson("result.json", result);
    records?.status.end(complete ? "complete" : "stopped");
    return result;
  } catch (error) {
    const failure = records ? withTheWayOn(error as Error, out) : (error as Error);
    records?.status.end("failed", failure.message);
    throw failure;
  } finally {
    line.end();
    interrupted.end();
    parts.dispose();
  }
}

/** Says what an evaluation on the way has found. */
function reached(step: number, scores: Record<string, Scores>): void {
  const found = Object.entries(scores).map(([set, { miou }]) => `${set} ${percent(miou)}`);
  if (found.length > 0) say(`step ${step}: mIoU ${found.join(", ")}`);
}

/** The most memory that this process has had resident so far, in MiB. */
export const peakMemory = (): number => Math.round(process.resourceUsage().maxRSS / 1024);

/** What a failed run says to its user ends with how to go on. */
function withTheWayOn(error: Error, out: string): Error {
  if (!(error instanceof UserError)) return error;
  const latest = checkpoints(out).at(-1);
  const way = latest
    ? `go on from ${latest} with: ${commandOf("train", "--resume", out)}`
    : "it had saved no checkpoint yet (train.checkpointEvery)";
  return new UserError(`${error.message}; ${way}`);
}

/** What the run folder is written by. */
interface Records {
  readonly folder: RunFolder;
  readonly recorder: Recorder;
  readonly status: StatusFile;
}

/**
 * Everything that a run works with, its weights as they are before its first step. Ranks other than 0
 * keep no records.
 */
export async function prepare(
  config: Config,
  out: string,
  resuming: boolean,
  group: ProcessGroup = alone,
) {
  requireDevice(config); // before data are drawn
  const first = group.rank === 0;
  const domains = await firstThenOthers(group, () => openDomains(config)); // some are drawn first
  const { names: classes } = domains.source.classes;
  const { sizes, train, style } = config;
  manualSeed(train.seed);
  const network = buildNetwork(config, classes.length);
  const warn = first ? note : () => {};
  const latest = resuming && first ? checkpoints(out).at(-1) : undefined;
  const { weights } = config.network;
  if (weights !== undefined && first && !latest) warn(startFrom(weights, network));
  const method = buildMethod(config, network, {
    warn,
    group,
    classNames: domains.source.classes.names,
  });
  const folder = openRunFolder(out);
  if (first) removeHalfWritten(out);
  const preparation = await firstThenOthers(group, () => openPreparation(config, domains, out));
  if (first) {
    folder.write("config.yaml", stringify(config));
    folder.writeJson("environment.json", environment(train.device));
  }

  const own = { method: config.method, classes };
  const start = sameStart(
    group,
    latest ? resume(latest, network, method, own) : { step: 0, random: [ownRandomState()] },
    network,
    method,
  );
  const order = await firstThenOthers(group, () => sourceOrder(config, domains.source, out));
  const { stage, restyle } = preparation;
  const { steps, rate, schedule = steps, seed, evaluateEvery } = train;
  const evaluatesAt = (step: number) =>
    step === steps || (evaluateEvery > 0 && step % evaluateEvery === 0);
  const openRecords = async (): Promise<Records> => {
    const recorder = await openRecorder(folder, {
      ...{ network, method, evaluate: domains.evaluate, size: sizes.evaluate, start, steps },
      predict: { precision: train.precision, stage },
      evaluatesAgain: start > 0 && evaluatesAt(start),
    });
    if (style.method !== "none") {
      await writeStyleSamples(out, domains.source, sizes.source, restyle);
    }
    const status = openStatus(out, { method: config.method, seed, step: start, steps });
    return { folder, recorder, status };
  };
  const stream = (domain: "source" | "target") => ({
    dataset: domains[domain],
    size: sizes[domain],
    batch: train.batch,
    transform: preparation[domain],
  });
  return {
    ...{ config, domains, network, method, start, evaluatesAt },
    records: first ? await openRecords() : undefined,
    loop: {
      ...{ network, method, steps, start, rate, schedule, seed, group },
      warn: group.size > 1 ? (what: string) => note(`rank ${group.rank}: ${what}`) : note,
      source: { ...stream("source"), order },
      target: stream("target"),
    },
    measure: () => measureAll(network, domains.evaluate, config, stage, group),
    dispose() {
      dispose([network.parameters.all, method.state]);
      preparation.dispose();
    },
  };
}
