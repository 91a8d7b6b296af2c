import { UserError } from "../../errors.js";
import { adamw, type Optimizer, type ParameterGroup, sgd } from "../../nn/index.js";
import type { MethodContext } from "../method.js";

/** The settings of a context that configure the optimiser. */
export type OptimizerChoice = Pick<
  MethodContext,
  "optimizer" | "momentum" | "betas" | "weightDecay" | "duplicateUpdates" | "clip"
>;

/**
 * The optimiser of a network's parameters.
 * @throws UserError if settings exclude each other
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
      "train.duplicateUpdates repeats steps of SGD as in the reference, but train.optimizer is adamw: " +
        "remove one of the two",
    );
  }
  return adamw(groups, { betas, weightDecay });
}
