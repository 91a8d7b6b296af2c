import { z } from "zod";
import { entropyLoss } from "../entropy/index.js";
import type { Prediction } from "../network/index.js";
import { scope, type Tensor } from "../torch/index.js";
import { backpropagate, type WeightedLosses } from "./backpropagate.js";
import type { Batches, Method, MethodContext } from "./method.js";
import { networkOptimizer, predict, supervisedLosses, supervisedOptions } from "./source-only.js";

/** Weights of the entropy of both heads. */
export const entropyOptions = {
  entropy: z.number().min(0).default(0.001),
  entropyAux: z.number().min(0).default(0.0002),
};

export const minentOptions = z.strictObject({ ...supervisedOptions, ...entropyOptions });

export interface EntropyWeights {
  readonly entropy: number;
  readonly entropyAux: number;
}

/** Entropy of both heads on unlabelled images [N, 3, H, W]: the second line of the total loss. */
export function entropyLosses(
  { main, aux }: Prediction,
  images: Tensor,
  { entropy, entropyAux }: EntropyWeights,
): WeightedLosses {
  const [height, width] = [images.size(2), images.size(3)];
  return {
    "target/entropy": [entropy, entropyLoss(main, height, width)],
    "target/entropyAux": [entropyAux, entropyLoss(aux, height, width)],
  };
}

/** Entropy minimisation: Vu et al., ADVENT, CVPR 2019, section 3.1. */
export function minent(context: MethodContext, options: z.infer<typeof minentOptions>): Method {
  const optimizer = networkOptimizer(context);
  return {
    usesTarget: true,
    state: optimizer.state,
    step({ source, target }: Batches, { rate }) {
      if (target === undefined) throw new Error("minent needs target images");
      // The source graph is gone before the target's is built: half the memory, same gradients.
      const supervised = scope(() => {
        const prediction = predict(context, source.images);
        return backpropagate(supervisedLosses(prediction, source.labels, options.aux), context);
      });
      const unsupervised = scope(() => {
        const prediction = predict(context, target.images);
        return backpropagate(entropyLosses(prediction, target.images, options), context);
      });
      optimizer.step(rate);
      return { ...supervised, ...unsupervised };
    },
  };
}
