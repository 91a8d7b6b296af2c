import { IGNORE } from "../datasets/dataset.js";

/** Pixels whose predictions have about the same confidence. */
export interface ConfidenceBin {
  /** Number of pixels. */
  readonly count: number;
  /** Mean probability of the predicted class, and fraction of correct pixels. */
  readonly confidence: number;
  readonly accuracy: number;
}

/** Compares confidence with accuracy: is a prediction with 80 % confidence correct in 80 % of the pixels? */
export interface Calibration {
  /** Adds pixels: train ids, and the probability of the predicted class, all [P]. */
  add(label: Uint8Array, prediction: Uint8Array, confidence: Float32Array): void;
  /** Expected calibration error (Guo et al., ICML 2017): mean |confidence - accuracy| over pixels. */
  error(): number;
  /** The bins that are not empty. */
  bins(): ConfidenceBin[];
  /** Pixels with at least the confidence `SURE`: their fraction, and the fraction of correct ones. */
  pseudoLabels(): { readonly coverage: number; readonly accuracy: number };
}

const BINS = 15;
/** The confidence from which a prediction counts as a pseudo-label, if a method does not name its own. */
export const SURE = 0.9;

/** An empty calibration, to which images are added. */
export function createCalibration(): Calibration {
  const count = new Float64Array(BINS);
  const confident = new Float64Array(BINS);
  const right = new Float64Array(BINS);
  const sure = { count: 0, right: 0 };
  const total = () => count.reduce((sum, n) => sum + n, 0);
  return {
    add(label, prediction, confidence) {
      for (let i = 0; i < label.length; i++) {
        if (label[i] === IGNORE) continue;
        const p = confidence[i] as number;
        const bin = Math.min(BINS - 1, Math.max(0, Math.ceil(p * BINS) - 1)); // (lower, upper]
        const hit = label[i] === prediction[i] ? 1 : 0;
        count[bin] = (count[bin] as number) + 1;
        confident[bin] = (confident[bin] as number) + p;
        right[bin] = (right[bin] as number) + hit;
        if (p < SURE) continue;
        sure.count++;
        sure.right += hit;
      }
    },
    error() {
      const gap = Array.from(count, (_, k) =>
        Math.abs((confident[k] as number) - (right[k] as number)),
      );
      return gap.reduce((sum, value) => sum + value, 0) / total();
    },
    bins: () =>
      Array.from(count, (n, k) => ({
        count: n,
        confidence: (confident[k] as number) / n,
        accuracy: (right[k] as number) / n,
      })).filter((bin) => bin.count > 0),
    pseudoLabels: () => ({
      coverage: sure.count / total(),
      accuracy: sure.right / sure.count,
    }),
  };
}
