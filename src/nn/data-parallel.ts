import type { ProcessGroup, Tensor } from "../torch/index.js";
import type { Optimizer } from "./sgd.js";

/** An optimiser of several processes. */
export interface SharedOptimizer extends Optimizer {
  /**
   * Back-propagates a loss as the last of its step: gradients travel to the other ranks as they become
   * final. Without it they travel when the step is made.
   */
  lastBackward(loss: Tensor): void;
}

/**
 * An optimiser that steps by the gradients' mean over the ranks of a group.
 *
 * Under `sgd` a gradient is kept as m b + g in the momentum buffer. Ranks that have made the same steps
 * have the same m b, so the mean over the ranks is m b + mean(g): only what is new is averaged, and the
 * buffers stay the same on all ranks. Gradients that an optimiser keeps apart are averaged themselves.
 */
export function dataParallel(
  optimizer: Optimizer,
  parameters: Iterable<Tensor>,
  group: ProcessGroup,
): SharedOptimizer {
  const { lastBackward, average } = group.exchange([...parameters]);
  return {
    state: optimizer.state,
    lastBackward,
    step(rate) {
      average();
      optimizer.step(rate);
    },
  };
}
