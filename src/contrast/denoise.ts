import { noGrad, scope, type Tensor, upsampleBilinear, where } from "../torch/index.js";
import type { MemoryBank } from "./memory-bank.js";
import { cosines } from "./similarity.js";

/**
 * Logits [N, C, h, w] + strength * the cosine of each feature [N, D, h', w'] with each class's
 * prototype, which multiplies probabilities by exp(strength * cosine) and normalises them. Where features
 * are coarser than logits, cosines are upsampled. A class without a prototype gets the largest cosine, so
 * that the prediction decides.
 * After ProDA (Zhang et al., CVPR 2021, eq. 4-5), with cosines to the bank's unit vectors.
 */
export function denoisedLogits(
  logits: Tensor,
  features: Tensor,
  bank: MemoryBank,
  strength: number,
): Tensor {
  if (strength === 0) return logits;
  return noGrad(() =>
    scope(() => {
      const seen = bank.seen.reshape(1, -1, 1);
      const near = cosines(features, bank.prototypes).maskedFill(seen.not(), -1); // [N, C, P]
      const known = where(seen, near, near.amax(1, true));
      const [n, classes, height, width] = logits.shape as [number, number, number, number];
      const map = known.mul(strength).reshape(n, classes, features.size(2), features.size(3));
      return logits.add(upsampleBilinear(map, height, width));
    }),
  );
}
