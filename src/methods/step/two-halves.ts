import type { Prediction } from "../../network/index.js";
import { scope, type Tensor } from "../../torch/index.js";
import type { Method, MethodContext } from "../method.js";
import type { WeightedLosses } from "./backpropagate.js";
import { networkTrainer } from "./network-trainer.js";
import { predict, SUPERVISED, supervisedPart } from "./supervised.js";

/**
 * A method whose total loss is the sum of supervised losses on the source and losses of the network's
 * prediction on target images [N, 3, H, W]. On a GPU a step is captured once and replayed, so the losses must
 * depend on nothing else: a number that changes from step to step would stay the same.
 * @param aux weight of the auxiliary head's cross-entropy
 */
export function twoHalves(
  context: MethodContext,
  aux: number,
  targetLosses: (prediction: Prediction, images: Tensor) => WeightedLosses,
): Method {
  const trainer = networkTrainer(context);
  return {
    usesTarget: true,
    headline: SUPERVISED,
    state: trainer.state,
    step: ({ source, target }, { rate }) =>
      trainer.capturedStep(rate, "", { source, target }, ({ source, target: { images } }) => [
        supervisedPart(context, source, aux),
        (learn) => scope(() => learn(targetLosses(predict(context, images), images))),
      ]),
    dispose: trainer.dispose,
  };
}
