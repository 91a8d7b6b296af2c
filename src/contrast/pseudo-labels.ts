import { IGNORE } from "../datasets/dataset.js";
import { noGrad, scope, type Tensor, topk } from "../torch/index.js";
import type { MemoryBank } from "./memory-bank.js";
import { cosines, distances } from "./similarity.js";

export const DISTANCES = ["cosine", "euclidean"] as const;

export interface PseudoLabelOptions {
  /** Pixels whose two nearest prototypes differ by less are ignored. */
  readonly threshold: number;
  /** "euclidean" is the reference's: unnormalised features against unit prototypes. */
  readonly distance: (typeof DISTANCES)[number];
}

/**
 * Labels int64 [N, h, w] for features [N, D, h, w]: the nearest prototype's class, IGNORE where the
 * second nearest is nearer than `threshold` beyond it. Classes without a prototype are never given.
 * METHOD: fine alignment, step 2.
 */
export function pseudoLabels(
  features: Tensor,
  bank: MemoryBank,
  { threshold, distance }: PseudoLabelOptions,
): Tensor {
  const [n, , h, w] = features.shape as [number, number, number, number];
  return noGrad(() =>
    scope(() => {
      const near =
        distance === "cosine"
          ? cosines(features, bank.prototypes)
          : distances(features, bank.prototypes).neg();
      const known = near.maskedFill(bank.seen.not().reshape(1, -1, 1), Number.NEGATIVE_INFINITY);
      const [values, indices] = topk(known, 2, 1); // [N, 2, P]
      const margin = values.select(1, 0).sub(values.select(1, 1)); // NaN where no class is seen
      return indices.select(1, 0).maskedFill(margin.ge(threshold).not(), IGNORE).reshape(n, h, w);
    }),
  );
}
