import { UserError } from "../../errors.js";
import { adamw, type Optimizer, type ParameterGroup, sgd } from "../../nn/index.js";
import type { MethodContext } from "../method.js";

/** What of a context decides how the network is stepped. */
export type OptimizerChoice = Pick<
  MethodContext,
  "optimizer" | "momentum" | "betas" | "weightDecay" | "duplicateUpdates" | "clip"
>;

/**
 * The optimiser of a network's parameters.
 * @throws UserError for settings that exclude each other
 */
export function networkOptimizer(
  groups: readonly ParameterGroup[],
  { optimizer, momentum, betas, weightDecay, duplicateUpdates, clip }: OptimizerChoice,
): Optimizer {
  if (optimizer !== "adamw") {
    return sgd(groups, { momentum, weightDecay, apart: clip !== undefined });
  }
  if (duplicateUpdates) {
    throw new UserError(
      "conflicting-options",
      "train.duplicateUpdates repeats the steps of SGD, as the reference does, but train.optimizer " +
        "is adamw; leave one of them out",
    );
  }
  return adamw(groups, { betas, weightDecay });
}
