import { existsSync, rmSync } from "node:fs";
import { join, resolve } from "node:path";
import { stringify } from "yaml";
import type { Dataset } from "../datasets/dataset.js";
import { UserError } from "../errors.js";
import type { Network } from "../network/index.js";
import { openRecorder, type Recorder } from "../report/recorder.js";
import { writeStyleSamples } from "../report/style-samples.js";
import { alone, dispose, manualSeed, type ProcessGroup } from "../torch/index.js";
import {
  checkpoints,
  deviceBefore,
  environment,
  firstThenOthers,
  openRunFolder,
  openStatus,
  ownRandomState,
  type RunFolder,
  removeHalfWritten,
  resume,
  type StatusFile,
  sameStart,
  startFrom,
} from "../train/index.js";
import { buildMethod, buildNetwork, requireMemory } from "./build.js";
import { openPreparation, stageStatisticsIn } from "./coarse-stage.js";
import { coderIn } from "./coder.js";
import type { Config } from "./config.js";
import { arithmeticOf } from "./device.js";
import { openDomains } from "./domains.js";
import { type Listener, silentListener } from "./listener.js";
import { measureAll } from "./measure.js";
import { runConfig } from "./presets.js";
import { decidesPreparation, differences } from "./same-settings.js";
import { classStatisticsIn, sourceOrder } from "./sampling.js";
import { startScores } from "./start-scores.js";
import { workersOf } from "./workers.js";

/** The writers of the run folder. */
export interface Records {
  readonly folder: RunFolder;
  readonly recorder: Recorder;
  readonly status: StatusFile;
}

export interface PrepareOptions {
  readonly resume?: boolean | undefined;
  /** `train.device` before it was resolved, for `config.yaml`. */
  readonly asked?: string;
  readonly group?: ProcessGroup | undefined;
  readonly listener: Listener;
}

/**
 * Prepares a run: network, data and method, before the first step or from the newest checkpoint. Only
 * rank 0 writes records.
 * @param config with absolute roots, and a device of this machine (`onDevice`)
 * @param out the run folder
 */
export async function prepare(config: Config, out: string, options: PrepareOptions) {
  const { resume: resuming = false, group = alone, listener: own } = options;
  const { asked = config.train.device } = options;
  requireMemory(config);
  const first = group.rank === 0;
  const listener = first ? own : silentListener;
  // Rank 0 first: it draws missing images, and the others read them.
  const domains = await firstThenOthers(group, () => openDomains(config, listener));
  const { names: classes } = domains.source.classes;
  const { sizes, train, style } = config;
  manualSeed(train.seed);
  const network = buildNetwork(config, classes.length);
  const latest = resuming && first ? checkpoints(out).at(-1) : undefined;
  if (first && !latest) startFromWeights(config, network, classes, listener);
  const weights = new Map<string, number>();
  const method = buildMethod(config, network, {
    onWeights(own) {
      for (const [name, weight] of Object.entries(own)) weights.set(name, weight);
    },
    warn: (sentence) => listener.note(sentence, "warning"),
    group,
    classNames: classes,
  });
  const evaluated = train.ema === undefined ? network : (method.average?.network ?? network);
  const folder = openRunFolder(out);
  const written = stringify({ ...config, train: { ...train, device: asked } });
  if (first) removeHalfWritten(out);
  if (first && !latest) removeOtherStart(config, out, resuming, listener);
  const workers = workersOf(config, (sentence) => listener.note(sentence, "warning"));
  const preparation = await firstThenOthers(group, () =>
    openPreparation(config, domains, out, listener, workers),
  );
  const identity = { method: config.method, classes };
  const position = latest
    ? resume(latest, network, method, identity)
    : { step: 0, random: [ownRandomState()] };
  if (latest) requireAhead(config, out, position.step, listener);
  if (first) {
    if (position.step < train.steps) rmSync(join(out, "result.json"), { force: true }); // of another step
    // Only now, so that a run that cannot be resumed with new settings keeps the old ones.
    folder.write("config.yaml", written);
    if (latest) noteOtherDevice(out, train.device, listener);
    folder.writeJson("environment.json", environment(network.device, arithmeticOf(config)));
  }
  const start = sameStart(group, position, network, method);
  const order = await firstThenOthers(group, () =>
    sourceOrder(config, domains.source, out, listener),
  );
  const { stage, restyle } = preparation;
  const { steps, rate, schedule = steps, warmup, seed, evaluateEvery } = train;
  const evaluatesAt = (step: number) =>
    step === steps || (evaluateEvery > 0 && step % evaluateEvery === 0);

  async function openRecords(): Promise<Records> {
    const recorder = await openRecorder(folder, {
      ...{
        network: evaluated,
        method,
        evaluate: domains.evaluate,
        target: domains.target,
        weights,
      },
      ...{ size: sizes.evaluate, output: sizes.output ?? sizes.evaluate, start, steps },
      warn: (sentence) => listener.note(sentence, "warning"),
      predict: { precision: train.precision, stage },
      evaluatesAgain: evaluatesAt(start),
    });
    if (start === 0 && !evaluatesAt(0)) recorder.start(startScores(config, classes));
    if (style.method !== "none") {
      await writeStyleSamples(out, domains.source, sizes.source, restyle);
    }
    const status = openStatus(out, { method: config.method, seed, step: start, steps });
    return { folder, recorder, status };
  }

  const { labelledTarget } = domains;
  if (labelledTarget) listener.note(labelledNote(config, labelledTarget));
  const batch = train.batch;
  const stream = (domain: "source" | "target") => ({
    ...{ dataset: domains[domain], size: sizes[domain], batch },
    transform: preparation[domain],
  });
  const few = labelledTarget && {
    ...{ dataset: labelledTarget, size: sizes.target, batch },
    transform: preparation.labelledTarget,
  };
  const warn =
    group.size > 1
      ? (sentence: string) => own.note(`rank ${group.rank}: ${sentence}`, "warning")
      : (sentence: string) => listener.note(sentence, "warning");
  const records = first ? await openRecords() : undefined;
  return {
    ...{ config, domains, network, method, start, evaluatesAt, records },
    loop: {
      ...{ network, method, steps, start, rate, schedule, warmup, seed, group, warn, workers },
      source: { ...stream("source"), order },
      target: stream("target"),
      labelledTarget: few,
    },
    /** Every rank measures its share of the images. */
    measure: (step: number, signal?: AbortSignal) =>
      measureAll({ network: evaluated, config, stage }, domains.evaluate, listener, {
        ...{ group, signal, workers, watch: records?.recorder.watch(step) },
      }),
    dispose() {
      method.dispose?.();
      dispose([network.parameters.all, method.state]);
      preparation.dispose();
      void workers?.close();
    },
  };
}

/** Loads the weights of the run that this one starts from, or else `network.weights`, if there are any. */
function startFromWeights(
  { after, pretrain, network: { weights, weightsFor } }: Config,
  network: Network,
  classes: readonly string[],
  { note }: Listener,
): void {
  const run = after?.run ?? pretrain?.run;
  const backboneOnly = run === undefined && weightsFor === "backbone";
  const path = run ?? weights;
  if (path !== undefined) note(startFrom(path, network, { classes, backboneOnly }));
}

function labelledNote({ labelledTarget, train }: Config, { name, names }: Dataset): string {
  const { weight } = labelledTarget as NonNullable<Config["labelledTarget"]>;
  return `${train.batch} of ${names.length} labelled target images in every step (weight ${weight}): ${name}.`;
}

/** Notes that a run resumes on another device, whose sums differ in their last bits. */
function noteOtherDevice(out: string, device: string, { note }: Listener): void {
  const before = deviceBefore(out);
  if (before === undefined || before === device) return;
  note(`The run was on ${before} and continues on ${device}: numbers differ in their last bits.`);
}

/**
 * A resumed run may have more steps than before, but not fewer than it has done.
 * @throws UserError if it has done more
 */
function requireAhead({ train }: Config, out: string, done: number, { note }: Listener): void {
  const { steps, schedule } = train;
  if (steps < done) {
    throw new UserError(
      "conflicting-options",
      `${out} has done ${done} steps, more than train.steps, ${steps}: set it to ${done} or more`,
    );
  }
  const planned = runConfig(out).train.steps;
  if (schedule !== undefined || steps === planned) return;
  note(
    `The learning rate now decays to 0 at step ${steps}, not ${planned}; train.schedule=${planned} ` +
      "keeps the previous schedule.",
  );
}

/**
 * Removes what a start that came to no checkpoint saved in the run folder, unless this one has the same settings. A
 * coder that the user has put there stays.
 */
function removeOtherStart(
  config: Config,
  out: string,
  resuming: boolean,
  { note }: Listener,
): void {
  const wanted = decidesPreparation(config);
  const isSame = resuming && differences(decidesPreparation(runConfig(out)), wanted).length === 0;
  if (isSame) return;
  const { coder } = config.style;
  const own = typeof coder === "string" ? resolve(coder) : undefined;
  for (const file of [classStatisticsIn(out), stageStatisticsIn(out), coderIn(out)]) {
    if (!existsSync(file) || resolve(file) === own) continue;
    rmSync(file);
    note(`removed ${file}, which an earlier start had saved`);
  }
}
