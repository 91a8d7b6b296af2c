import type { Network } from "../../network/index.js";
import { gradients, scope, Tensor } from "../../torch/index.js";
import type { MethodContext } from "../method.js";

/** A loss and its weight in the total. */
export type WeightedLosses = Readonly<Record<string, readonly [weight: number, loss: Tensor]>>;

/** The parameters that the losses train: those of the network, or of a discriminator. */
export interface Learner extends Pick<MethodContext, "gradientNorms"> {
  readonly network: Pick<Network, "parameters">;
}

/**
 * Adds the gradients of the weighted sum to the parameters, and returns each loss, unweighted, by name;
 * with `gradientNorms` also `gradient/<name>`, the norm of its gradient.
 * @param backward runs back-propagation, e.g. the optimiser's `lastBackward`
 */
export function backpropagate(
  losses: WeightedLosses,
  { network, gradientNorms }: Learner,
  backward: (loss: Tensor) => void = (loss) => loss.backward(),
): Record<string, number> {
  return scope(() => {
    const scalars: Record<string, number> = {};
    let total: Tensor | undefined;
    for (const [name, [weight, loss]] of Object.entries(losses)) {
      if (!(loss instanceof Tensor) || loss.count !== 1) throw new Error(noLoss(name, loss));
      scalars[name] = loss.item();
      if (weight === 0) continue;
      const weighted = loss.mul(weight);
      if (gradientNorms) {
        scalars[`gradient/${name}`] = gradientNorm(weighted, network.parameters.trainable.values());
      }
      total = total?.add(weighted) ?? weighted;
    }
    if (total) backward(total);
    return scalars;
  });
}

/** The message for a value that is not a loss. */
function noLoss(name: string, loss: unknown): string {
  const found = loss instanceof Tensor ? `a tensor [${loss.shape}]` : typeof loss;
  return `the loss ${name} is ${found}: expected a tensor of one element`;
}

function gradientNorm(loss: Tensor, parameters: Iterable<Tensor>): number {
  return scope(() => {
    const parts = gradients([loss], [...parameters], { retainGraph: true });
    return Math.sqrt(parts.reduce((sum, part) => sum + (part?.norm().item() ?? 0) ** 2, 0));
  });
}
