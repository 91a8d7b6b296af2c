import { multiplyAll, noGrad, norms, scope, stack, type Tensor } from "../torch/index.js";

/** What keeps the quotient finite where there is no gradient, as in PyTorch. */
const EPS = 1e-6;

/**
 * Shortens the gradients of parameters, all by one factor, so that their Euclidean norm together is
 * `most` at most, as PyTorch's `clip_grad_norm_` does. Returns the norm before.
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
