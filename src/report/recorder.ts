import { join } from "node:path";
import type { Dataset, Size } from "../datasets/dataset.js";
import {
  type Measurement,
  type Observation,
  type PredictOptions,
  type Scores,
  scores,
} from "../evaluate/index.js";
import type { Method } from "../methods/method.js";
import type { Network } from "../network/index.js";
import { deviceMebibytes } from "../torch/index.js";
import type { Entry, RunFolder, StepReport } from "../train/index.js";
import { matrixOf } from "./evaluation.js";
import { findBaseline } from "./find-baseline.js";
import { appendImageScores, IMAGES, readImageMious } from "./image-lines.js";
import { openPreviews } from "./previews.js";
import { prototypeCosines } from "./prototype-cosines.js";
import { readOutcome } from "./run-files.js";
import { openTargetSigns } from "./target-signs.js";
import { openEventFile } from "./tensorboard.js";

/** Writes the run folder during training (docs/run-folder.md), except for checkpoints and notes. */
export interface Recorder {
  /** Before the first step: the scores that the network starts with, if they are known. */
  start(scores: Readonly<Record<string, ClassScores>> | undefined): void;
  /** After every step. */
  step(report: StepReport): void;
  /** Before an evaluation: watches its images, so that pictures need no second prediction. */
  watch(step: number): (set: string) => ((observation: Observation) => void) | undefined;
  /** After an evaluation: its scores, and the current pictures and prototypes. */
  snapshot(step: number, results: Measurements): Promise<Record<string, Scores>>;
}

/** mIoU and IoU per class, shares 0..1; null or NaN for a class that does not occur. */
export interface ClassScores {
  readonly iou: readonly (number | null)[];
  readonly miou: number | null;
}

/** By evaluation set. */
export type Measurements = Readonly<Record<string, Measurement>>;

export interface RecorderOptions {
  readonly network: Network;
  readonly method: Method;
  /** Labelled sets by name; pictures show the first one. */
  readonly evaluate: ReadonlyMap<string, Dataset>;
  /** The target's training images, which need no labels. */
  readonly target: Dataset;
  /** The size at which the network gets images to evaluate, and the size of its predictions. */
  readonly size: Size;
  readonly output: Size;
  readonly predict: PredictOptions;
  readonly steps: number;
  /** Steps done before; 0 for a new run. */
  readonly start: number;
  /** The weights of the losses by name, as far as they are known. */
  readonly weights: ReadonlyMap<string, number>;
  /** Whether the run begins by evaluating: an earlier evaluation of the same step is dropped. */
  readonly evaluatesAgain: boolean;
  /** Receives sentences that a user should read. */
  readonly warn: (sentence: string) => void;
}

const LOG_EVERY = 10;
const PROTOTYPES_EVERY = 100;
const BOARD_IMAGES = 4;
const METRICS = "metrics.jsonl";
const PROTOTYPES = "prototypes.jsonl";
const LOSSES = "losses.json";

export async function openRecorder(folder: RunFolder, options: RecorderOptions): Promise<Recorder> {
  const {
    network,
    method,
    evaluate,
    size,
    output,
    predict,
    steps,
    start,
    evaluatesAgain,
    weights,
  } = options;
  const [[shown, dataset]] = [...evaluate] as [[string, Dataset]];
  folder.write("classes.json", `${JSON.stringify(dataset.classes)}\n`);
  const stays = (fromTraining: (entry: Entry) => boolean) => (entry: Entry) =>
    entry.step < start || (entry.step === start && (!evaluatesAgain || fromTraining(entry)));
  folder.rewind(
    METRICS,
    stays((entry) => "rate" in entry),
  );
  folder.rewind(
    PROTOTYPES,
    stays(({ step }) => step % PROTOTYPES_EVERY === 0),
  );
  folder.rewind(
    IMAGES,
    stays(() => false),
  );
  const previews = await openPreviews(join(folder.path, "previews", shown), dataset, options);
  let pictures = previews.evaluation();

  const events = openEventFile(join(folder.path, "tensorboard"), start);

  const { target, warn } = options;
  const signs = openTargetSigns({
    ...{ network, method, labelled: dataset, set: shown, size, predict, steps, warn },
    images: method.usesTarget ? target : dataset,
  });

  const log = ({ step, ...values }: Scalars & { step: number }) => {
    const { gpuMemory = {} } = deviceMebibytes(network.device);
    const gpu = Object.entries(gpuMemory).map(([name, mebi]) => [`gpu/${name}`, mebi as number]);
    const all = { ...values, memory: residentMebibytes(), ...Object.fromEntries(gpu) };
    folder.append(METRICS, { step, ...all });
    events.scalars(step, all);
  };
  let written = "";
  const writeWeights = () => {
    const text = `${JSON.stringify(Object.fromEntries(weights))}\n`;
    if (text !== written) folder.write(LOSSES, text);
    written = text;
  };
  const prototypes = (step: number) => {
    const banks = method.prototypes?.();
    if (banks) folder.append(PROTOTYPES, { step, ...prototypeCosines(banks) });
  };
  return {
    start(known) {
      const values = known && scoreScalars(known, dataset.classes.names);
      if (values) log({ step: 0, ...values });
    },
    step({ step, rate, seconds, waiting, scalars }) {
      if (step % LOG_EVERY === 0 || step === steps) {
        log({ step, rate, seconds, waiting, ...scalars });
        writeWeights();
      }
      if (step % PROTOTYPES_EVERY === 0) prototypes(step);
    },
    watch(step) {
      pictures = previews.evaluation(step === steps ? extremes(folder.path, shown) : undefined);
      return (set) => (set === shown ? pictures.observe : undefined);
    },
    async snapshot(step, results) {
      const entries = Object.entries(results);
      const measured = Object.fromEntries(
        entries.map(([name, { confusion }]) => [name, scores(confusion)]),
      );
      appendImageScores(
        folder.path,
        step,
        Object.fromEntries(entries.map(([name, { images }]) => [name, images])),
      );
      log({ step, ...scoreScalars(measured, dataset.classes.names), ...(await signs(step)) });
      folder.write("confusion.json", `${JSON.stringify({ step, ...matrices(results) })}\n`);
      if (step % PROTOTYPES_EVERY !== 0) prototypes(step);
      const drawn = await pictures.write(step, results[shown]?.images ?? []);
      for (const [i, bytes] of drawn.slice(0, BOARD_IMAGES).entries()) {
        events.image(step, `${shown}/${i}`, { ...output, bytes });
      }
      return measured;
    },
  };
}

type Scalars = Record<string, number>;

/** `miou/<set>` and `iou/<set>/<class>`; classes that do not occur are left out. */
function scoreScalars(
  measured: Readonly<Record<string, ClassScores>>,
  classes: readonly string[],
): Scalars {
  const entries = Object.entries(measured).flatMap(([set, { miou, iou }]): [string, unknown][] => [
    [`miou/${set}`, miou],
    ...classes.map((name, k): [string, unknown] => [`iou/${set}/${name}`, iou[k]]),
  ]);
  return Object.fromEntries(
    entries.filter((entry): entry is [string, number] => Number.isFinite(entry[1])),
  );
}

/** Rows of counts by set: truth by prediction. */
const matrices = (results: Measurements): { sets: Record<string, number[][]> } => ({
  sets: Object.fromEntries(
    Object.entries(results).map(([name, { confusion }]) => [name, matrixOf(confusion)]),
  ),
});

/** The baseline's score of each image of a set, by which the most changed images are found. */
export function extremes(run: string, set: string): { before: ReadonlyMap<string, number> } {
  const baseline = findBaseline(readOutcome(run));
  return { before: (baseline && readImageMious(baseline.run.path, set)) ?? new Map() };
}

const residentMebibytes = (): number => Math.round(process.memoryUsage.rss() / 2 ** 20);
