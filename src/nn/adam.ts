import { keep, noGrad, scope, type Tensor, type TensorMap, zeros } from "../torch/index.js";
import type { Optimizer } from "./sgd.js";

/** Decay of both moving averages, and what keeps the root from 0: [0.9, 0.999] and 1e-8 unless given. */
export interface AdamOptions {
  readonly betas?: readonly [number, number];
  readonly eps?: number;
}

const STEPS = "steps";

/** Adam (Kingma & Ba 2015, algorithm 1) as PyTorch defines it, over parameters by name. */
export function adam(
  parameters: ReadonlyMap<string, Tensor>,
  { betas: [first, second] = [0.9, 0.999], eps = 1e-8 }: AdamOptions = {},
): Optimizer {
  const like = (tensor: Tensor) => keep(zeros(tensor.shape, { device: tensor.device }));
  const steps = keep(zeros([1], { dtype: "float64" }));
  const state: TensorMap = new Map([[STEPS, steps]]);
  const members = [...parameters].map(([name, parameter]) => {
    const [mean, square] = [like(parameter), like(parameter)];
    state.set(`${name}.mean`, mean).set(`${name}.square`, square);
    return { parameter, mean, square };
  });
  return {
    state,
    step: (rate) =>
      noGrad(() =>
        scope(() => {
          const count = steps.addInPlace(steps.mul(0).add(1)).item();
          const size = rate / (1 - first ** count);
          const correction = Math.sqrt(1 - second ** count);
          for (const { parameter, mean, square } of members) {
            const { grad } = parameter;
            if (grad === undefined) continue;
            mean.mulInPlace(first).addInPlace(grad, 1 - first);
            square.mulInPlace(second).addInPlace(grad.mul(grad), 1 - second);
            parameter.addInPlace(mean.div(square.sqrt().div(correction).add(eps)), -size);
            parameter.grad = undefined;
          }
        }),
      ),
  };
}
