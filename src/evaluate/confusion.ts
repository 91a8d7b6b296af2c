import { IGNORE } from "../datasets/dataset.js";

/** Counts of pixels of class `row` that were predicted as class `column`. */
export interface Confusion {
  readonly classes: number;
  /** Row-major [classes * classes]. */
  readonly counts: Float64Array;
}

/** An empty matrix. */
export function createConfusion(classes: number): Confusion {
  return { classes, counts: new Float64Array(classes * classes) };
}

/** Counts the pixels of a prediction against train ids, both [height * width]; IGNORE is skipped. */
export function addToConfusion(
  { classes, counts }: Confusion,
  label: ArrayLike<number>,
  prediction: ArrayLike<number>,
): void {
  for (let pixel = 0; pixel < label.length; pixel++) {
    const truth = label[pixel] as number;
    if (truth === IGNORE) continue;
    const cell = truth * classes + (prediction[pixel] as number);
    counts[cell] = (counts[cell] as number) + 1;
  }
}

/** Adds the counts of another matrix of the same classes. */
export function addCounts({ counts }: Confusion, other: Confusion): void {
  for (let cell = 0; cell < counts.length; cell++) {
    counts[cell] = (counts[cell] as number) + (other.counts[cell] as number);
  }
}

/** Pixels of one class that were predicted as another, as a share of all labelled pixels. */
export type Confused = readonly [truth: number, predicted: number, share: number];

/** The largest confusions of two classes, the largest first: at most `most`, each of at least `smallest`. */
export function largestConfusions(
  { classes, counts }: Confusion,
  most: number,
  smallest: number,
): Confused[] {
  const labelled = counts.reduce((total, count) => total + count, 0);
  const confused: Confused[] = [];
  for (const [cell, count] of counts.entries()) {
    const [truth, predicted] = [Math.floor(cell / classes), cell % classes];
    if (count === 0 || truth === predicted || count / labelled < smallest) continue;
    confused.push([truth, predicted, count / labelled]);
  }
  return confused.sort(([, , a], [, , b]) => b - a).slice(0, most);
}

/** Scores of a confusion matrix. */
export interface Scores {
  /** Intersection over union per class, 0..1; NaN for a class in neither labels nor predictions. */
  readonly iou: number[];
  /** Mean over the classes that occur in the labels. */
  readonly miou: number;
  /** Fraction of labelled pixels that are correct. */
  readonly accuracy: number;
  /** Fraction of a class's pixels that are correct, mean over the classes that occur in the labels. */
  readonly meanAccuracy: number;
  /** IoU weighted by the number of pixels of a class (Long et al., CVPR 2015, section 5). */
  readonly frequencyWeighted: number;
}

/** Everingham et al., PASCAL VOC: TP / (TP + FP + FN); classes without labelled pixels do not count. */
export function scores({ classes, counts }: Confusion): Scores {
  const iou: number[] = [];
  const occurring: { iou: number; accuracy: number; labelled: number }[] = [];
  let right = 0;
  for (let k = 0; k < classes; k++) {
    let labelled = 0;
    let predicted = 0;
    for (let j = 0; j < classes; j++) {
      labelled += counts[k * classes + j] as number;
      predicted += counts[j * classes + k] as number;
    }
    const hit = counts[k * classes + k] as number;
    const value = hit / (labelled + predicted - hit);
    iou.push(value);
    if (labelled > 0) occurring.push({ iou: value, accuracy: hit / labelled, labelled });
    right += hit;
  }
  const all = sum(occurring.map(({ labelled }) => labelled));
  return {
    iou,
    miou: mean(occurring.map((entry) => entry.iou)),
    accuracy: right / all,
    meanAccuracy: mean(occurring.map((entry) => entry.accuracy)),
    frequencyWeighted: sum(occurring.map((entry) => (entry.iou * entry.labelled) / all)),
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
const mean = (values: readonly number[]) => sum(values) / values.length;

/**
 * mIoU over a subset of the classes: the mean of their IoU in the whole matrix, as in the papers for
 * 13 of SYNTHIA's 16 classes. Confusions with the other classes count as errors. Classes without
 * labelled pixels do not count.
 */
export function miouOver(confusion: Confusion, subset: readonly number[]): number {
  const { classes, counts } = confusion;
  const { iou } = scores(confusion);
  const occurs = (k: number) => counts.subarray(k * classes, (k + 1) * classes).some((n) => n > 0);
  return mean(subset.filter(occurs).map((k) => iou[k] as number));
}
