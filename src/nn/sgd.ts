import {
  addAll,
  keep,
  multiplyAll,
  noGrad,
  scope,
  type Tensor,
  type TensorMap,
  zeros,
} from "../torch/index.js";

/** Parameters that share a learning rate. */
export interface ParameterGroup {
  readonly parameters: ReadonlyMap<string, Tensor>;
  /** Times the base learning rate; the reference has 10 for its heads. */
  readonly rate: number;
  /** How often one step updates a parameter; see `repeats` in network/deeplab-v2. Default once. */
  readonly repeats?: (name: string) => number;
}

export interface SgdOptions {
  readonly momentum?: number;
  readonly weightDecay?: number;
}

export interface Optimizer {
  /** Updates every parameter that has a gradient, then clears the gradients. */
  step(rate: number): void;
  zeroGrad(): void;
  /** What a resumed run needs, by parameter name. */
  readonly state: TensorMap;
}

/**
 * Stochastic gradient descent with momentum as PyTorch defines it: b <- m b + g + d w, w <- w - r b,
 * the first b being g + d w.
 */
export function sgd(
  groups: readonly ParameterGroup[],
  { momentum = 0.9, weightDecay = 5e-4 }: SgdOptions = {},
): Optimizer {
  const state: TensorMap = new Map();
  for (const { parameters } of groups) {
    for (const [name, parameter] of parameters) {
      state.set(name, keep(zeros(parameter.shape, { device: parameter.device })));
    }
  }

  // A repeated parameter has no momentum yet in any round of its first step, as in PyTorch, which
  // collects the buffers before it makes them. A resumed run brings buffers that are not zero.
  let decay: number | undefined;
  const isFresh = () => [...state.values()].every((buffer) => buffer.norm().item() === 0);

  /** One update of the parameters that are due at this round, all at once. */
  function update({ parameters, rate, repeats = () => 1 }: ParameterGroup, base: number): void {
    for (let round = 0; ; round++) {
      const due = [...parameters].filter(([name]) => repeats(name) > round);
      if (due.length === 0) return;
      const weights: Tensor[] = [];
      const gradients: Tensor[] = [];
      const buffers: Tensor[] = [];
      for (const [name, parameter] of due) {
        const { grad } = parameter;
        if (grad === undefined) continue;
        weights.push(parameter);
        gradients.push(grad);
        buffers.push(state.get(name) as Tensor);
      }
      if (weights.length === 0) return;
      multiplyAll(buffers, decay as number);
      addAll(buffers, gradients);
      addAll(buffers, weights, weightDecay);
      addAll(weights, buffers, -base * rate);
    }
  }

  function zeroGrad(): void {
    for (const { parameters } of groups) {
      for (const parameter of parameters.values()) parameter.grad = undefined;
    }
  }

  return {
    state,
    zeroGrad,
    step(rate) {
      noGrad(() =>
        scope(() => {
          decay ??= isFresh() ? 0 : momentum;
          for (const group of groups) update(group, rate);
          decay = momentum;
        }),
      );
      zeroGrad();
    },
  };
}
