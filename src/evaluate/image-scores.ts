import { type Calibration, createCalibration } from "./calibration.js";
import {
  type Confused,
  type Confusion,
  largestConfusions,
  type Scores,
  scores,
} from "./confusion.js";
import type { Observation } from "./evaluate.js";

/** Scores of one image, shares 0..1. */
export interface ImageScores {
  readonly name: string;
  /** By class; null for a class that none of the image's labels has. */
  readonly iou: readonly (number | null)[];
  /** Share of the labelled pixels that are correct; null without labelled pixels. */
  readonly accuracy: number | null;
  /** Mean normalised entropy of the predictions. */
  readonly entropy: number;
  /** Expected calibration error over the labelled pixels; null without them. */
  readonly calibration: number | null;
  /** The largest confusions, at most `MOST_CONFUSED`. */
  readonly confused: readonly Confused[];
}

/** What a network gets on one set. */
export interface Measurement {
  readonly confusion: Confusion;
  /** In the order of the set. */
  readonly images: readonly ImageScores[];
}

/** The scores of every image of a data set, in its order; filled image by image. */
export interface ImageTable {
  /**
   * Rows of IoU, accuracy, entropy, calibration error, and cell and share of each confusion
   * [images * (classes + 3 + 2 * MOST_CONFUSED)]; 0 for images without scores.
   */
  readonly values: Float64Array;
  set(index: number, observation: Observation): void;
  list(): ImageScores[];
}

const ABSENT = -1; // a number, so that tables of several processes can be added

/** Confusions kept of an image. */
export const MOST_CONFUSED = 6;
/** The smallest confusion that is kept, as a share of the labelled pixels. */
const SMALLEST_CONFUSED = 0.001;

/** An empty table for the images of a set, by name, and a number of classes. */
export function createImageTable(names: readonly string[], classes: number): ImageTable {
  const scored = classes + 3;
  const width = scored + 2 * MOST_CONFUSED;
  const values = new Float64Array(names.length * width);
  return {
    values,
    set(index, observation) {
      const calibration = createCalibration();
      const { label, prediction, confidence, confusion, entropy } = observation;
      calibration.add(label, prediction, confidence);
      const row = rowOf(scores(confusion), labelled(confusion), entropy, calibration);
      values.set(
        row.map((value) => (Number.isFinite(value) ? value : ABSENT)),
        index * width,
      );
      const confused = largestConfusions(confusion, MOST_CONFUSED, SMALLEST_CONFUSED);
      const cells = confused.flatMap(([truth, predicted, share]) => [
        truth * classes + predicted, // never 0: that would be a correct pixel
        share,
      ]);
      values.fill(0, index * width + scored, (index + 1) * width);
      values.set(cells, index * width + scored);
    },
    list: () =>
      names.map((name, i) => {
        const own = values.subarray(i * width, (i + 1) * width);
        const row = Array.from(own.subarray(0, scored), (value) =>
          value === ABSENT ? null : value,
        );
        const [accuracy = null, entropy, calibration = null] = row.slice(classes);
        return {
          ...{ name, iou: row.slice(0, classes), accuracy, entropy: entropy ?? 0, calibration },
          confused: confusionsIn(own.subarray(scored), classes),
        };
      }),
  };
}

const rowOf = (
  { iou, accuracy }: Scores,
  occurs: (k: number) => boolean,
  entropy: number,
  calibration: Calibration,
): number[] => [
  ...iou.map((value, k) => (occurs(k) ? value : ABSENT)),
  accuracy,
  entropy,
  calibration.error(),
];

/** The confusions in cells and shares by turns. */
function confusionsIn(pairs: Float64Array, classes: number): Confused[] {
  return Array.from({ length: pairs.length / 2 }, (_, i): Confused => {
    const cell = pairs[2 * i] as number;
    return [Math.floor(cell / classes), cell % classes, pairs[2 * i + 1] as number];
  }).filter(([, , share]) => share > 0);
}

const labelled =
  ({ classes, counts }: Confusion) =>
  (k: number): boolean =>
    counts.subarray(k * classes, (k + 1) * classes).some((count) => count > 0);
