import { type Calibration, createCalibration } from "./calibration.js";
import { type Confusion, type Scores, scores } from "./confusion.js";
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
}

/** What a network gets on one set. */
export interface Measurement {
  readonly confusion: Confusion;
  /** In the order of the set. */
  readonly images: readonly ImageScores[];
}

/** The scores of every image of a data set, in its order; filled image by image. */
export interface ImageTable {
  /** Rows of IoU, accuracy, entropy and calibration error [images * (classes + 3)]; 0 for images without scores. */
  readonly values: Float64Array;
  set(index: number, observation: Observation): void;
  list(): ImageScores[];
}

const ABSENT = -1; // a number, so that tables of several processes can be added

/** An empty table for the images of a set, by name, and a number of classes. */
export function createImageTable(names: readonly string[], classes: number): ImageTable {
  const width = classes + 3;
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
    },
    list: () =>
      names.map((name, i) => {
        const row = Array.from(values.subarray(i * width, (i + 1) * width), (value) =>
          value === ABSENT ? null : value,
        );
        const [accuracy = null, entropy, calibration = null] = row.slice(classes);
        return { name, iou: row.slice(0, classes), accuracy, entropy: entropy ?? 0, calibration };
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

const labelled =
  ({ classes, counts }: Confusion) =>
  (k: number): boolean =>
    counts.subarray(k * classes, (k + 1) * classes).some((count) => count > 0);
