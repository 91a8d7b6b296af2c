import type { ProcessGroup, Tensor } from "../torch/index.js";
import type { Optimizer } from "./sgd.js";

/** An optimiser that is shared by several processes. */
export interface SharedOptimizer extends Optimizer {
  /**
   * Back-propagates the last loss of a step: each gradient is sent to the other ranks as soon as it is
   * final. Otherwise `step` sends them.
   */
  lastBackward(loss: Tensor): void;
}

/**
 * An optimiser that updates parameters by the mean gradient over the ranks of a group.
 *
 * `sgd` stores a gradient as m b + g in the momentum buffer. Ranks that have made the same steps have the
 * same m b, so the mean over the ranks is m b + mean(g): momentum does not change, and the buffers stay
 * the same on all ranks. Gradients that are separate from momentum are averaged directly.
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
