import { join } from "node:path";
import type { Dataset, Size } from "../datasets/dataset.js";
import { type Confusion, type PredictOptions, type Scores, scores } from "../evaluate/index.js";
import type { Method } from "../methods/method.js";
import type { Network } from "../network/index.js";
import type { Entry, RunFolder, StepReport } from "../train/index.js";
import { matrixOf } from "./evaluation.js";
import { openPreviews } from "./previews.js";
import { prototypeCosines } from "./prototype-cosines.js";
import { openTargetSigns } from "./target-signs.js";
import { openEventFile } from "./tensorboard.js";

/** Writes the run folder during training (docs/run-folder.md), except for checkpoints and notes. */
export interface Recorder {
  /** Before the first step: the scores that the network starts with, if they are known. */
  start(scores: Readonly<Record<string, ClassScores>> | undefined): void;
  /** After every step. */
  step(report: StepReport): void;
  /** After an evaluation: its scores, and the current pictures and prototypes. */
  snapshot(step: number, results: Confusions): Promise<Record<string, Scores>>;
}

/** mIoU and IoU per class, shares 0..1; null or NaN for a class that does not occur. */
export interface ClassScores {
  readonly iou: readonly (number | null)[];
  readonly miou: number | null;
}

/** Confusion matrices by evaluation set. */
export type Confusions = Readonly<Record<string, Confusion>>;

export interface RecorderOptions {
  readonly network: Network;
  readonly method: Method;
  /** Labelled sets by name; pictures show the first one. */
  readonly evaluate: ReadonlyMap<string, Dataset>;
  /** The target's training images, which need no labels. */
  readonly target: Dataset;
  /** The size at which the network gets images to evaluate. */
  readonly size: Size;
  readonly predict: PredictOptions;
  readonly steps: number;
  /** Steps done before; 0 for a new run. */
  readonly start: number;
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

export async function openRecorder(folder: RunFolder, options: RecorderOptions): Promise<Recorder> {
  const { network, method, evaluate, size, predict, steps, start, evaluatesAgain } = options;
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
  const previews = await openPreviews(join(folder.path, "previews", shown), dataset, size);

  const events = openEventFile(join(folder.path, "tensorboard"), start);

  const { target, warn } = options;
  const signs = openTargetSigns({
    ...{ network, method, labelled: dataset, set: shown, size, predict, steps, warn },
    images: method.usesTarget ? target : dataset,
  });

  const log = ({ step, ...values }: Scalars & { step: number }) => {
    const all = { ...values, memory: residentMebibytes() };
    folder.append(METRICS, { step, ...all });
    events.scalars(step, all);
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
      }
      if (step % PROTOTYPES_EVERY === 0) prototypes(step);
    },
    async snapshot(step, results) {
      const measured = Object.fromEntries(
        Object.entries(results).map(([name, confusion]) => [name, scores(confusion)]),
      );
      log({ step, ...scoreScalars(measured, dataset.classes.names), ...(await signs(step)) });
      folder.write("confusion.json", `${JSON.stringify({ step, ...matrices(results) })}\n`);
      if (step % PROTOTYPES_EVERY !== 0) prototypes(step);
      const pictures = await previews.snapshot(step, network, predict);
      for (const [i, bytes] of pictures.slice(0, BOARD_IMAGES).entries()) {
        events.image(step, `${shown}/${i}`, { ...size, bytes });
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
const matrices = (results: Confusions): { sets: Record<string, number[][]> } => ({
  sets: Object.fromEntries(Object.entries(results).map(([name, one]) => [name, matrixOf(one)])),
});

const residentMebibytes = (): number => Math.round(process.memoryUsage.rss() / 2 ** 20);
