import { multiplyAll, noGrad, norms, scope, stack, type Tensor } from "../torch/index.js";

/** Added to the norm in the denominator, as in PyTorch. */
const EPS = 1e-6;

/**
 * Scales all gradients of parameters by one factor so that their total Euclidean norm is at most `most`,
 * like PyTorch's `clip_grad_norm_`. Returns the norm before clipping.
 */
export function clipGradients(parameters: Iterable<Tensor>, most: number): number {
  return noGrad(() =>
    scope(() => {
      const gradients = [...parameters].flatMap(({ grad }) => grad ?? []);
      if (gradients.length === 0) return 0;
      const norm = stack(norms(gradients)).norm().item();
      const factor = most / (norm + EPS);
      if (factor < 1) multiplyAll(gradients, factor);
      return norm;
    }),
  );
}
