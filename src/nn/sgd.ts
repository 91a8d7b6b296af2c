import {
  addAll,
  keep,
  multiplyAll,
  noGrad,
  scope,
  type Tensor,
  type TensorMap,
  zerosLike,
} from "../torch/index.js";

/** Parameters that share a learning rate. */
export interface ParameterGroup {
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** A multiple of the base learning rate; 10 for heads in the reference. */
  readonly rate: number;
  /** How many times a step updates a parameter; see `duplicates` in network/backbone. Default once. */
  readonly repeats?: (name: string) => number;
}

/** Options of `sgd`. */
export interface SgdOptions {
  /** m. Default 0.9. */
  readonly momentum?: number;
  /** d. Default 5e-4. */
  readonly weightDecay?: number;
  /** Keep gradients separate from momentum, so that they can be changed before a step. Default false. */
  readonly apart?: boolean;
}

/** Updates parameters by their gradients. */
export interface Optimizer {
  /** Updates every parameter by its gradient, and resets the gradients. */
  step(rate: number): void;
  /**
   * The tensors that a resumed run needs, by parameter name: the momentum b, or m b if gradients accumulate in it.
   * If that changes at a resume, momentum is scaled once by m.
   */
  readonly state: TensorMap;
}

interface Member {
  readonly name: string;
  readonly parameter: Tensor;
  readonly buffer: Tensor;
}

/**
 * Stochastic gradient descent with momentum as defined by PyTorch: b <- m b + g + d w, w <- w - r b;
 * the first b is g + d w.
 *
 * The parameters' `grad` is the momentum buffer itself, which contains m b at the start of a step:
 * back-propagation adds g to it, without a second copy of all gradients. A parameter that no loss depends
 * on has gradient 0, so that it only decays. With `apart` or `repeats` gradients have memory of their own,
 * and a parameter without a gradient does not change.
 */
export function sgd(
  groups: readonly ParameterGroup[],
  { momentum = 0.9, weightDecay = 5e-4, apart = false }: SgdOptions = {},
): Optimizer {
  const state: TensorMap = new Map();
  const steps = groups.map(({ parameters, rate, repeats }) => {
    const members = [...parameters].map(([name, parameter]) => {
      const buffer = keep(zerosLike(parameter));
      state.set(name, buffer);
      return { name, parameter, buffer };
    });
    const step =
      repeats || apart
        ? stepsApart(members, repeats ?? (() => 1), momentum, weightDecay)
        : sharedSteps(members, momentum, weightDecay);
    return (base: number) => step(base * rate);
  });
  return {
    state,
    step: (rate) =>
      noGrad(() =>
        scope(() => {
          for (const step of steps) step(rate);
        }),
      ),
  };
}

/** Updates parameters whose gradients accumulate in their momentum. */
function sharedSteps(members: readonly Member[], momentum: number, weightDecay: number) {
  const weights = members.map(({ parameter }) => parameter);
  const buffers = members.map(({ buffer }) => buffer);
  scope(() => {
    for (const { parameter, buffer } of members) {
      const { grad } = parameter;
      if (grad) buffer.addInPlace(grad);
      parameter.grad = buffer;
    }
  });
  return (rate: number) => {
    if (weights.length === 0) return;
    addAll(buffers, weights, weightDecay);
    addAll(weights, buffers, -rate);
    multiplyAll(buffers, momentum);
  };
}

/** Updates by gradients that are separate from momentum; a step may update a parameter several times. */
function stepsApart(
  members: readonly Member[],
  repeats: (name: string) => number,
  momentum: number,
  weightDecay: number,
) {
  // As in PyTorch, which collects the buffers before it creates them, a repeated parameter does not have
  // momentum in any round of its first step. The buffers of a resumed run are not zero.
  let decay: number | undefined;
  const isFresh = () => members.every(({ buffer }) => buffer.norm().item() === 0);
  return (rate: number) => {
    decay ??= isFresh() ? 0 : momentum;
    for (let round = 0; ; round++) {
      const due = members.filter(({ name }) => repeats(name) > round);
      const reached = due.filter(({ parameter }) => parameter.grad !== undefined);
      if (reached.length === 0) break;
      const weights = reached.map(({ parameter }) => parameter);
      const buffers = reached.map(({ buffer }) => buffer);
      multiplyAll(buffers, decay);
      addAll(
        buffers,
        weights.map(({ grad }) => grad as Tensor),
      );
      addAll(buffers, weights, weightDecay);
      addAll(weights, buffers, -rate);
    }
    decay = momentum;
    for (const { parameter } of members) parameter.grad = undefined;
  };
}
