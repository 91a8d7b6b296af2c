import { type ProcessGroup, scope, type Tensor } from "../torch/index.js";
import type { Optimizer } from "./sgd.js";

/**
 * An optimiser that steps by the gradients' mean over the ranks of a group.
 *
 * Under `sgd` a gradient is kept as m b + g in the momentum buffer. Ranks that have made the same steps
 * have the same m b, so the mean over the ranks is m b + mean(g): only what is new is averaged, and the
 * buffers stay the same on all ranks.
 */
export function dataParallel(
  optimizer: Optimizer,
  parameters: Iterable<Tensor>,
  group: ProcessGroup,
): Optimizer {
  if (group.size === 1) return optimizer;
  const all = [...parameters];
  return {
    state: optimizer.state,
    step(rate) {
      scope(() => group.average(all.flatMap(({ grad }) => grad ?? [])));
      optimizer.step(rate);
    },
  };
}
