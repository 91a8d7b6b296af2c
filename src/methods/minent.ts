import { z } from "zod";
import { entropyLoss } from "../entropy/index.js";
import type { Prediction } from "../network/index.js";
import type { Tensor } from "../torch/index.js";
import type { Method, MethodContext } from "./method.js";
import { supervisedOptions } from "./source-only.js";
import type { WeightedLosses } from "./step/backpropagate.js";
import { supervisedAnd } from "./step/two-halves.js";

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
  return supervisedAnd(context, options.aux, (prediction, images) =>
    entropyLosses(prediction, images, options),
  );
}
