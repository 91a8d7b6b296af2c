import { z } from "zod";
import { entropyLoss } from "../../entropy/index.js";
import type { Prediction } from "../../network/index.js";
import type { Tensor } from "../../torch/index.js";
import type { WeightedLosses } from "./backpropagate.js";

/** Weights of the entropy losses of both heads. */
export const entropyOptions = {
  entropy: z.number().min(0).default(0.001),
  entropyAux: z.number().min(0).default(0.0002),
};

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
