import { noGrad, scope } from "../torch/index.js";
import type { Batches, Method, MethodContext, Progress } from "./method.js";
import { backpropagate } from "./step/backpropagate.js";
import { predict, supervisedLosses } from "./step/supervised.js";
import { withoutStatistics } from "./step/without-statistics.js";

/**
 * The method, which also learns from labelled target images: in every step it adds `weight` times the
 * supervised losses of these images to its own total loss. With weight 0 the losses are computed and
 * logged, and what is learnt does not change, to the bit.
 * @param aux weight of the auxiliary head's cross-entropy relative to the main head's
 */
export function withLabelledTarget(
  method: Method,
  context: MethodContext,
  { weight, aux }: { readonly weight: number; readonly aux: number },
): Method {
  function learn({ images, labels }: NonNullable<Batches["labelledTarget"]>) {
    const losses = () =>
      supervisedLosses(predict(context, images), labels, { aux, weight, of: "labelled" });
    return scope(() =>
      weight === 0
        ? withoutStatistics(context.network, () => noGrad(() => backpropagate(losses(), context)))
        : backpropagate(losses(), context),
    );
  }
  return {
    ...method,
    usesLabelledTarget: true,
    step(batches: Batches, progress: Progress) {
      if (batches.labelledTarget === undefined) throw new Error("the step lacks labelled images");
      // Gradients accumulate until the method's optimiser steps.
      const labelled = learn(batches.labelledTarget);
      return { ...method.step(batches, progress), ...labelled };
    },
  };
}
