import {
  isGpu,
  multiplyAll,
  noGrad,
  norms,
  scaleAll,
  scope,
  stack,
  type Tensor,
  zeros,
} from "../torch/index.js";

/** Added to the norm in the denominator, as in PyTorch. */
const EPS = 1e-6;

/**
 * Scales all gradients of parameters by one factor so that their total Euclidean norm is at most `most`,
 * like PyTorch's `clip_grad_norm_`. Returns the norm before clipping, [].
 */
export function clipGradients(parameters: Iterable<Tensor>, most: number): Tensor {
  return noGrad(() =>
    scope(() => {
      const gradients = [...parameters].flatMap(({ grad }) => grad ?? []);
      if (gradients.length === 0) return zeros([]);
      const norm = stack(norms(gradients)).norm();
      if (isGpu(norm.device)) {
        scaleAll(gradients, norm.add(EPS).pow(-1).mul(most).clamp(0, 1));
      } else {
        const factor = most / ((norm.array[0] as number) + EPS);
        if (factor < 1) multiplyAll(gradients, factor);
      }
      return norm;
    }),
  );
}
