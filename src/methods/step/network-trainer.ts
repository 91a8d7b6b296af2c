import { parameterGroups } from "../../network/index.js";
import { clipGradients, dataParallel } from "../../nn/index.js";
import {
  alone,
  capturesSteps,
  cudaGraph,
  type Tensor,
  type TensorMap,
  type Tensors,
} from "../../torch/index.js";
import type { MethodContext, Scalars } from "../method.js";
import { backpropagate, type WeightedLosses } from "./backpropagate.js";
import { networkOptimizer } from "./network-optimizer.js";

/** Back-propagates the weighted losses, and returns each loss, unweighted, by name. */
export type Learn = (losses: WeightedLosses) => Scalars;

/** The norm of the network's gradient before it was clipped, for the log. */
const CLIPPED = "gradient/all";

/**
 * One part of a step: a forward pass, its losses, and one call of `learn` with them. It frees its tensors;
 * tensors for later parts belong to the scope around the step.
 */
export type Part = (learn: Learn) => Scalars;

/** The network's optimiser and the order of a step. */
export interface NetworkTrainer {
  /**
   * Runs the parts in order, then updates the network once. A part's graph is freed before the next
   * part begins: half the memory of one total loss, and the same gradients. Back-propagation of the
   * last part sends gradients to the other processes as they become final.
   */
  step(rate: number, parts: readonly Part[]): Scalars;
  /**
   * The same for parts that can be captured (torch/cuda-graph): they depend on nothing but the batches, `name`, and
   * tensors that exist before them. On a GPU they are captured and replayed, with `train.graphs`. `others` run
   * after them, and are not captured.
   */
  capturedStep<In extends Tensors>(
    rate: number,
    name: string,
    batches: In,
    parts: (batches: In) => readonly Part[],
    others?: readonly Part[],
  ): Scalars;
  /** Frees what was captured. */
  dispose(): void;
  /** The optimiser's state. */
  readonly state: TensorMap;
}

/** The network's optimiser with the context's settings, and gradients averaged over its processes. */
export function networkTrainer(context: MethodContext, trainProjection = true): NetworkTrainer {
  const { network, duplicateUpdates, headRate, clip, group = alone } = context;
  const groups = parameterGroups(network, { duplicateUpdates, headRate, trainProjection });
  const trained = groups.flatMap(({ parameters }) => [...parameters.values()]);
  const own = networkOptimizer(groups, context);
  let norm: Tensor | undefined;
  /** Clips after averaging over the processes and before the step. */
  const clipped = {
    state: own.state,
    step(rate: number) {
      if (clip !== undefined) norm = clipGradients(trained, clip);
      own.step(rate);
    },
  };
  const optimizer = dataParallel(clipped, trained, group);
  const graph = isCapturable(context) ? cudaGraph(context.warn) : undefined;

  function run(parts: readonly Part[]): Scalars {
    const scalars: Scalars = {};
    for (const [i, part] of parts.entries()) {
      const backward = i === parts.length - 1 ? optimizer.lastBackward : undefined;
      const learn: Learn = (losses) => backpropagate(losses, context, backward);
      Object.assign(scalars, part(learn));
    }
    return scalars;
  }

  function update(rate: number, scalars: Scalars): Scalars {
    optimizer.step(rate);
    return norm === undefined ? scalars : { ...scalars, [CLIPPED]: norm };
  }

  return {
    state: optimizer.state,
    step: (rate, parts) => update(rate, run(parts)),
    capturedStep(rate, name, batches, parts, others = []) {
      if (!graph) return update(rate, run([...parts(batches), ...others]));
      let before: (Tensor | undefined)[] | undefined;
      const { scalars, gradients } = graph.run(name, batches, (own) => {
        before ??= gradientsOf(trained);
        setGradients(trained, before); // of a capture that failed: it has computed nothing
        return { scalars: run(parts(own)), gradients: gradientsOf(trained) };
      });
      setGradients(trained, gradients); // of a replay: optimisers may have cleared them
      return update(rate, { ...scalars, ...run(others) });
    },
    dispose: () => graph?.dispose(),
  };
}

/** Whether nothing outside a step takes part in its gradients, and nothing in it is measured step by step. */
const isCapturable = ({ network, group = alone, labelledWeight, gradientNorms }: MethodContext) =>
  capturesSteps(network.device) &&
  group.size === 1 &&
  labelledWeight === undefined &&
  !gradientNorms;

const gradientsOf = (parameters: readonly Tensor[]) => parameters.map(({ grad }) => grad);

function setGradients(parameters: readonly Tensor[], gradients: readonly (Tensor | undefined)[]) {
  for (const [i, parameter] of parameters.entries()) parameter.grad = gradients[i];
}
