import { join } from "node:path";
import type { Dataset, Size } from "../datasets/dataset.js";
import { type Confusion, type PredictOptions, type Scores, scores } from "../evaluate/index.js";
import type { Method } from "../methods/method.js";
import type { Network } from "../network/index.js";
import { deviceMebibytes } from "../torch/index.js";
import type { Entry, RunFolder, StepReport } from "../train/index.js";
import { matrixOf } from "./evaluation.js";
import { openPreviews } from "./previews.js";
import { prototypeCosines } from "./prototype-cosines.js";
import { openEventFile } from "./tensorboard.js";

/** What a run writes of itself while it trains: everything in docs/run-folder.md but checkpoints. */
export interface Recorder {
  /** After every step. */
  step(report: StepReport): void;
  /** After an evaluation: its scores, and pictures and prototypes as they are now. */
  snapshot(step: number, results: Confusions): Promise<Record<string, Scores>>;
}

/** Confusion matrices by evaluation set. */
export type Confusions = Readonly<Record<string, Confusion>>;

export interface RecorderOptions {
  readonly network: Network;
  readonly method: Method;
  /** Labelled sets by name; the first one is shown in pictures. */
  readonly evaluate: ReadonlyMap<string, Dataset>;
  /** What the network sees of them. */
  readonly size: Size;
  readonly predict: PredictOptions;
  readonly steps: number;
  /** Steps that a resumed run has behind it. */
  readonly start: number;
  /** Whether the resumed run begins by evaluating: what was written of that before gives way. */
  readonly evaluatesAgain: boolean;
}

const LOG_EVERY = 10;
const PROTOTYPES_EVERY = 100;
const BOARD_IMAGES = 4;
const METRICS = "metrics.jsonl";
const PROTOTYPES = "prototypes.jsonl";

export async function openRecorder(
  folder: RunFolder,
  { network, method, evaluate, size, predict, steps, start, evaluatesAgain }: RecorderOptions,
): Promise<Recorder> {
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

  const log = ({ step, ...values }: Scalars & { step: number }) => {
    const { gpuMemory = {} } = deviceMebibytes(network.device);
    const gpu = Object.entries(gpuMemory).map(([name, mebi]) => [`gpu/${name}`, mebi as number]);
    const all = { ...values, memory: residentMebibytes(), ...Object.fromEntries(gpu) };
    folder.append(METRICS, { step, ...all });
    events.scalars(step, all);
  };
  const prototypes = (step: number) => {
    const banks = method.prototypes?.();
    if (banks) folder.append(PROTOTYPES, { step, ...prototypeCosines(banks) });
  };
  return {
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
      log({ step, ...scoreScalars(measured, dataset.classes.names) });
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
function scoreScalars(measured: Record<string, Scores>, classes: readonly string[]): Scalars {
  const entries = Object.entries(measured).flatMap(([set, { miou, iou }]) => [
    [`miou/${set}`, miou] as const,
    ...classes.map((name, k) => [`iou/${set}/${name}`, iou[k] as number] as const),
  ]);
  return Object.fromEntries(entries.filter(([, value]) => Number.isFinite(value)));
}

/** Rows of counts by set: truth by prediction. */
const matrices = (results: Confusions): { sets: Record<string, number[][]> } => ({
  sets: Object.fromEntries(Object.entries(results).map(([name, one]) => [name, matrixOf(one)])),
});

const residentMebibytes = (): number => Math.round(process.memoryUsage.rss() / 2 ** 20);
