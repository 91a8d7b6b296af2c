import type { Prediction } from "../../network/index.js";
import { scope, type Tensor } from "../../torch/index.js";
import type { Batches, Method, MethodContext } from "../method.js";
import { networkOptimizer, predict, supervisedLosses } from "../source-only.js";
import { backpropagate, type WeightedLosses } from "./backpropagate.js";

/**
 * A method whose total is the supervised losses of the source plus losses of the network's
 * prediction on target images [N, 3, H, W], with `aux` the weight of the auxiliary head.
 */
export function supervisedAnd(
  context: MethodContext,
  aux: number,
  targetLosses: (prediction: Prediction, images: Tensor) => WeightedLosses,
): Method {
  const optimizer = networkOptimizer(context);
  return {
    usesTarget: true,
    state: optimizer.state,
    step({ source, target }: Batches, { rate }) {
      if (target === undefined) throw new Error("this method needs target images");
      // The source graph is gone before the target's is built: half the memory, same gradients.
      const supervised = scope(() => {
        const prediction = predict(context, source.images);
        return backpropagate(supervisedLosses(prediction, source.labels, aux), context);
      });
      const unsupervised = scope(() => {
        const prediction = predict(context, target.images);
        const losses = targetLosses(prediction, target.images);
        return backpropagate(losses, context, optimizer.lastBackward);
      });
      optimizer.step(rate);
      return { ...supervised, ...unsupervised };
    },
  };
}
