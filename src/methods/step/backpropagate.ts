import type { Network } from "../../network/index.js";
import { gradients, operator, scope, stack, Tensor, zeros } from "../../torch/index.js";
import type { MethodContext, Scalars } from "../method.js";

/** A loss and its weight in the total. */
export type WeightedLosses = Readonly<Record<string, readonly [weight: number, loss: Tensor]>>;

/** The parameters that the losses train: those of the network, or of a discriminator. */
export interface Learner extends Pick<MethodContext, "gradientNorms" | "onWeights"> {
  readonly network: Pick<Network, "parameters">;
}

/**
 * Adds the gradients of the weighted sum to the parameters, and returns each loss, unweighted, by name;
 * with `gradientNorms` also `gradient/<name>`, the norm of its gradient. `onWeights` receives the weights.
 * @param backward runs back-propagation, e.g. the optimiser's `lastBackward`
 */
export function backpropagate(
  losses: WeightedLosses,
  { network, gradientNorms, onWeights }: Learner,
  backward: (loss: Tensor) => void = (loss) => loss.backward(),
): Scalars {
  return scope(() => {
    const scalars: Scalars = {};
    let total: Tensor | undefined;
    for (const [name, [weight, loss]] of Object.entries(losses)) {
      if (!(loss instanceof Tensor) || loss.count !== 1) throw new Error(noLoss(name, loss));
      scalars[name] = loss.detach();
      if (weight === 0) continue;
      const weighted = loss.mul(weight);
      if (gradientNorms) {
        scalars[`gradient/${name}`] = gradientNorm(weighted, network.parameters.trainable.values());
      }
      total = total?.add(weighted) ?? weighted;
    }
    if (total) backward(total);
    onWeights?.(weightsOf(losses));
    return scalars;
  });
}

const weightsOf = (losses: WeightedLosses): Record<string, number> =>
  Object.fromEntries(Object.entries(losses).map(([name, [weight]]) => [name, weight]));

/** The message for a value that is not a loss. */
function noLoss(name: string, loss: unknown): string {
  const found = loss instanceof Tensor ? `a tensor [${loss.shape}]` : typeof loss;
  return `the loss ${name} is ${found}: expected a tensor of one element`;
}

const cumulate = operator("cumsum");

/** The Euclidean norm of a loss's gradient, float64 []. */
function gradientNorm(loss: Tensor, parameters: Iterable<Tensor>): Tensor {
  return scope(() => {
    const parts = gradients([loss], [...parameters], { retainGraph: true });
    const own = parts.flatMap((part) => part?.norm() ?? []);
    if (own.length === 0) return zeros([]);
    const squares = stack(own).to({ dtype: "float64" }).pow(2);
    return cumulate(squares, 0).select(0, -1).sqrt(); // summed in order
  });
}
