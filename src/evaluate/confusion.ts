import { IGNORE } from "../datasets/dataset.js";

/** How often a pixel of class `row` was predicted as class `column`. */
export interface Confusion {
  readonly classes: number;
  /** Row-major [classes * classes]. */
  readonly counts: Float64Array;
}

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

export interface Scores {
  /** Intersection over union per class, 0..1; NaN for a class that no label and no prediction has. */
  readonly iou: number[];
  /** Mean over the classes that occur in the labels. */
  readonly miou: number;
  /** Share of labelled pixels that are right. */
  readonly accuracy: number;
}

/** Everingham et al., PASCAL VOC: TP / (TP + FP + FN); classes without a labelled pixel do not count. */
export function scores({ classes, counts }: Confusion): Scores {
  const iou: number[] = [];
  const occurring: number[] = [];
  let right = 0;
  let all = 0;
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
    if (labelled > 0) occurring.push(value);
    right += hit;
    all += labelled;
  }
  const miou = occurring.reduce((sum, value) => sum + value, 0) / occurring.length;
  return { iou, miou, accuracy: right / all };
}
