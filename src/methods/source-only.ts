import { z } from "zod";
import { type Prediction, parameterGroups, segmentationLoss } from "../network/index.js";
import { dataParallel, sgd } from "../nn/index.js";
import { alone, autocast, scope, type Tensor } from "../torch/index.js";
import type { Batches, Method, MethodContext } from "./method.js";
import { backpropagate, type WeightedLosses } from "./step/backpropagate.js";

/** Weight of the auxiliary head's cross-entropy beside the main head's 1. */
export const supervisedOptions = { aux: z.number().min(0).default(0.1) };

export const sourceOnlyOptions = z.strictObject(supervisedOptions);

/** Cross-entropy of both heads on labelled images: the first line of the total loss. */
export function supervisedLosses(
  { main, aux }: Prediction,
  labels: Tensor,
  auxWeight: number,
): WeightedLosses {
  return {
    "source/main": [1, segmentationLoss(main, labels)],
    "source/aux": [auxWeight, segmentationLoss(aux, labels)],
  };
}

/**
 * The network's prediction for training, in the context's arithmetic. What lies between is left to
 * the graph alone, which frees it layer by layer as it is back-propagated.
 */
export function predict({ network, precision }: MethodContext, images: Tensor): Prediction {
  return scope(() => autocast(precision, () => network.forward(images, true), network.device));
}

/** SGD over the network as the context wants it, by gradients averaged over its processes. */
export function networkOptimizer(context: MethodContext, trainProjection = true) {
  const { network, duplicateUpdates, headRate, group = alone } = context;
  const groups = parameterGroups(network, { duplicateUpdates, headRate, trainProjection });
  const trained = groups.flatMap(({ parameters }) => [...parameters.values()]);
  return dataParallel(sgd(groups, context), trained, group);
}

/** Trains on the source alone: what adaptation has to beat. */
export function sourceOnly(
  context: MethodContext,
  { aux }: z.infer<typeof sourceOnlyOptions>,
): Method {
  const optimizer = networkOptimizer(context);
  return {
    usesTarget: false,
    state: optimizer.state,
    step({ source }: Batches, { rate }) {
      const scalars = scope(() =>
        backpropagate(
          supervisedLosses(predict(context, source.images), source.labels, aux),
          context,
          optimizer.lastBackward,
        ),
      );
      optimizer.step(rate);
      return scalars;
    },
  };
}
