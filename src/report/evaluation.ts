import {
  type ConfidenceBin,
  type Confusion,
  createBoundaryScore,
  createCalibration,
  miouOver,
  type Observation,
  type Scores,
  SURE,
  scores,
} from "../evaluate/index.js";
import { percent } from "./score-table.js";

/** All results of `evaluate` for a network on one set; shares 0..1. */
export interface Evaluation {
  readonly scores: Scores;
  /** mIoU over a subset of the classes, if requested. */
  readonly subset?: { readonly classes: number; readonly miou: number };
  readonly boundary: { readonly iou: number[]; readonly miou: number };
  readonly calibration: { readonly error: number; readonly bins: readonly ConfidenceBin[] };
  /** Pixels with a probability of 0.9 or more: the share of all, and the share of these that is correct. */
  readonly pseudo: { readonly coverage: number; readonly accuracy: number };
  /** Rows: truth; columns: prediction; pixels. */
  readonly confusion: number[][];
}

/** Collects scores during an evaluation, and completes them from its confusion matrix. */
export function evaluationOf(classes: number): {
  observe(observation: Observation): void;
  conclude(confusion: Confusion, subset?: readonly number[]): Evaluation;
} {
  const boundary = createBoundaryScore(classes);
  const calibration = createCalibration();
  return {
    observe({ label, prediction, confidence, ...size }) {
      boundary.add(label, prediction, size);
      calibration.add(label, prediction, confidence);
    },
    conclude: (confusion, subset) => ({
      scores: scores(confusion),
      ...(subset ? { subset: { classes: subset.length, miou: miouOver(confusion, subset) } } : {}),
      boundary: { iou: boundary.iou(), miou: boundary.mean() },
      calibration: { error: calibration.error(), bins: calibration.bins() },
      pseudo: calibration.pseudoLabels(),
      confusion: matrixOf(confusion),
    }),
  };
}

/** Counts as rows: truth by prediction. */
export const matrixOf = ({ classes, counts }: Confusion): number[][] =>
  Array.from({ length: classes }, (_, k) => [...counts.subarray(k * classes, (k + 1) * classes)]);

/** Rows of a table of evaluations, in percent: a column for each set, IoU and boundary IoU per class. */
export function evaluationRows(
  classes: readonly string[],
  results: Readonly<Record<string, Evaluation>>,
): string[][] {
  const sets = Object.entries(results);
  const row = (title: string, value: (one: Evaluation) => number | undefined): string[] => [
    title,
    ...sets.map(([, one]) => percent(value(one) ?? null)),
  ];
  const subset = sets.find(([, one]) => one.subset)?.[1].subset?.classes;
  return [
    ["IoU, %", ...sets.map(([name]) => name)],
    ...classes.map((name, k) => row(name, ({ scores: { iou } }) => iou[k])),
    row("mIoU", (one) => one.scores.miou),
    ...(subset ? [row(`mIoU over ${subset} classes`, (one) => one.subset?.miou)] : []),
    row("pixel accuracy", (one) => one.scores.accuracy),
    row("mean class accuracy", (one) => one.scores.meanAccuracy),
    row("frequency-weighted IoU", (one) => one.scores.frequencyWeighted),
    row("boundary IoU", (one) => one.boundary.miou),
    row("calibration error (ECE)", (one) => one.calibration.error),
    row(`pseudo-labels (p >= ${SURE}): coverage`, (one) => one.pseudo.coverage),
    row(`pseudo-labels (p >= ${SURE}): accuracy`, (one) => one.pseudo.accuracy),
  ];
}
