import { z } from "zod";
import { type Prediction, segmentationLoss } from "../../network/index.js";
import { autocast, scope, type Tensor } from "../../torch/index.js";
import type { Batches, MethodContext } from "../method.js";
import type { WeightedLosses } from "./backpropagate.js";
import type { Part } from "./network-trainer.js";

/** Weight of the auxiliary head's cross-entropy; the main head's is 1. */
export const supervisedOptions = { aux: z.number().min(0).default(0.1) };

/** The main head's cross-entropy, for the progress line. */
export const SUPERVISED = "source/main";

/** Cross-entropy of both heads on labelled images: the first line of the total loss. */
export function supervisedLosses(
  { main, aux }: Prediction,
  labels: Tensor,
  auxWeight: number,
): WeightedLosses {
  return {
    [SUPERVISED]: [1, segmentationLoss(main, labels)],
    "source/aux": [auxWeight, segmentationLoss(aux, labels)],
  };
}

/**
 * The network's prediction for training, in the context's precision. Only the graph owns its intermediate
 * tensors, so back-propagation frees them layer by layer.
 */
export function predict({ network, precision }: MethodContext, images: Tensor): Prediction {
  return scope(() => autocast(precision, () => network.forward(images, true), network.device));
}

/** The part of a step on labelled images. */
export function supervisedPart(
  context: MethodContext,
  { images, labels }: Batches["source"],
  auxWeight: number,
): Part {
  return (learn) =>
    scope(() => learn(supervisedLosses(predict(context, images), labels, auxWeight)));
}
