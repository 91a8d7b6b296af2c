import { IGNORE } from "../datasets/dataset.js";
import { noGrad, scope, type Tensor, topk } from "../torch/index.js";
import type { MemoryBank } from "./memory-bank.js";
import { cosines, distances } from "./similarity.js";

/** The distances between features and prototypes; see `PseudoLabelOptions`. */
export const DISTANCES = ["cosine", "euclidean", "unit-euclidean"] as const;

/** How pseudo-labels are assigned, and which pixels are ignored. */
export interface PseudoLabelOptions {
  /** Pixels whose two nearest prototypes differ by less are ignored. */
  readonly threshold: number;
  /**
   * "euclidean" as in the reference: unnormalised features against unit prototypes. "unit-euclidean"
   * normalises each feature over its channels first.
   */
  readonly distance: (typeof DISTANCES)[number];
}

/**
 * Labels int64 [N, h, w] for features [N, D, h, w]: the class of the nearest prototype, or IGNORE if
 * the second nearest is less than `threshold` farther. Classes without a prototype are never assigned.
 * arXiv 2103.12371, fine alignment.
 */
export function pseudoLabels(
  features: Tensor,
  bank: MemoryBank,
  { threshold, distance }: PseudoLabelOptions,
): Tensor {
  const [n, , h, w] = features.shape as [number, number, number, number];
  return noGrad(() =>
    scope(() => {
      const known = nearness(features, bank.prototypes, distance).maskedFill(
        bank.seen.not().reshape(1, -1, 1),
        Number.NEGATIVE_INFINITY,
      );
      const [values, indices] = topk(known, 2, 1); // [N, 2, P]
      const margin = values.select(1, 0).sub(values.select(1, 1)); // NaN if no class was seen
      return indices.select(1, 0).maskedFill(margin.ge(threshold).not(), IGNORE).reshape(n, h, w);
    }),
  );
}

/** Similarity of each feature [N, D, h, w] to each prototype [C, D]: [N, C, P], larger is nearer. */
function nearness(
  features: Tensor,
  prototypes: Tensor,
  distance: PseudoLabelOptions["distance"],
): Tensor {
  switch (distance) {
    case "cosine":
      return cosines(features, prototypes);
    case "euclidean":
      return distances(features, prototypes).neg();
    case "unit-euclidean": // |f - m|^2 = 2 - 2 cos for unit vectors
      return cosines(features, prototypes).mul(-2).add(2).clampMin(0).sqrt().neg();
    default:
      return distance satisfies never;
  }
}
