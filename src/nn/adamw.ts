import {
  addAll,
  addProducts,
  addQuotients,
  divideAll,
  isGpu,
  keep,
  multiplyAll,
  noGrad,
  products,
  quotients,
  roots,
  scope,
  shiftAll,
  type Tensor,
  type TensorMap,
  zeros,
  zerosLike,
} from "../torch/index.js";
import type { Optimizer, ParameterGroup } from "./sgd.js";

/** Options of `adam` and `adamw`. */
export interface AdamOptions {
  /** Decay of the averages of gradients and of their squares. Default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the root in the denominator. Default 1e-8. */
  readonly eps?: number;
}

/** Options of `adamw`. */
export interface AdamWOptions extends AdamOptions {
  /** Default 0.01. One-dimensional parameters (biases, scales of normalisation) do not decay. */
  readonly weightDecay?: number;
}

interface Member {
  readonly parameter: Tensor;
  readonly mean: Tensor;
  readonly square: Tensor;
  /** The multiple of the parameter's group. */
  readonly rate: number;
  readonly weightDecay: number;
}

/** A member whose parameter has a gradient in this step. */
interface Reached extends Member {
  readonly grad: Tensor;
  /** Steps in which it had a gradient, including this one. */
  readonly count: number;
}

const STEPS = "steps";

/**
 * AdamW as defined by PyTorch (Loshchilov & Hutter, ICLR 2019, algorithm 2): w <- (1 - r d) w, then a
 * step of Adam (Kingma & Ba 2015, algorithm 1) at rate r. A parameter without a gradient does not change,
 * and its bias correction does not count the step.
 *
 * A step clears the parameters' gradients.
 */
export function adamw(
  groups: readonly ParameterGroup[],
  { betas: [first, second] = [0.9, 0.999], eps = 1e-8, weightDecay = 0.01 }: AdamWOptions = {},
): Optimizer {
  const state: TensorMap = new Map();
  const like = (tensor: Tensor) => keep(zerosLike(tensor));
  const members = groups.flatMap(({ parameters, rate }) =>
    [...parameters].map(([name, parameter]): Member => {
      const [mean, square] = [like(parameter), like(parameter)];
      state.set(`${name}.mean`, mean).set(`${name}.square`, square);
      return {
        ...{ parameter, mean, square, rate },
        weightDecay: parameter.shape.length > 1 ? weightDecay : 0,
      };
    }),
  );
  /** Steps in which each parameter had a gradient, [parameters]. */
  const steps = keep(zeros([members.length], { dtype: "float64" }));
  state.set(STEPS, steps);

  /** Updates parameters with the same rate, weight decay and count. */
  function update(all: readonly Reached[], base: number): void {
    const [{ rate: multiple, weightDecay: decay, count }] = all as [Reached];
    const rate = base * multiple;
    const weights = all.map(({ parameter }) => parameter);
    const gradients = all.map(({ grad }) => grad);
    const means = all.map(({ mean }) => mean);
    const squares = all.map(({ square }) => square);
    if (decay > 0) multiplyAll(weights, 1 - rate * decay);
    multiplyAll(means, first);
    addAll(means, gradients, 1 - first);
    multiplyAll(squares, second);
    const fused = isGpu((weights[0] as Tensor).device); // other roundings, fewer passes over memory
    if (fused) addProducts(squares, gradients, gradients, 1 - second);
    else scope(() => addAll(squares, products(gradients, gradients), 1 - second));
    const deviations = roots(squares);
    divideAll(deviations, Math.sqrt(1 - second ** count));
    shiftAll(deviations, eps);
    const step = -rate / (1 - first ** count);
    if (fused) addQuotients(weights, means, deviations, step);
    else addAll(weights, quotients(means, deviations), step);
  }

  return {
    state,
    step: (rate) =>
      noGrad(() =>
        scope(() => {
          const counts = steps.array as Float64Array; // on the CPU
          const sorted = new Map<string, Reached[]>();
          for (const [i, member] of members.entries()) {
            const { grad } = member.parameter;
            if (grad === undefined) continue;
            const count = (counts[i] as number) + 1;
            counts[i] = count;
            const key = [member.rate, member.weightDecay, count].join();
            const alike = sorted.get(key) ?? [];
            alike.push({ ...member, grad, count });
            sorted.set(key, alike);
          }
          for (const all of sorted.values()) scope(() => update(all, rate));
          for (const { parameter } of members) parameter.grad = undefined;
        }),
      ),
  };
}
