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

/** How the supervised losses are weighted and named. */
interface Supervision {
  /** Weight of the auxiliary head's cross-entropy relative to the main head's. */
  readonly aux: number;
  /** Weight of both; 1 by default. */
  readonly weight?: number;
  /** What the names of the losses start with; "source" by default. */
  readonly of?: string;
}

/** Cross-entropy of both heads on labelled images: the first line of the total loss. */
export function supervisedLosses(
  { main, aux }: Prediction,
  labels: Tensor,
  { aux: auxWeight, weight = 1, of = "source" }: Supervision,
): WeightedLosses {
  return {
    [`${of}/main`]: [weight, segmentationLoss(main, labels)],
    [`${of}/aux`]: [weight * auxWeight, segmentationLoss(aux, labels)],
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
    scope(() => learn(supervisedLosses(predict(context, images), labels, { aux: auxWeight })));
}
