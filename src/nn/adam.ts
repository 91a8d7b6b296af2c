import type { Tensor } from "../torch/index.js";
import { type AdamOptions, adamw } from "./adamw.js";
import type { Optimizer } from "./sgd.js";

/** Adam (Kingma & Ba 2015, algorithm 1) as defined by PyTorch. */
export const adam = (
  parameters: ReadonlyMap<string, Tensor>,
  options: AdamOptions = {},
): Optimizer => adamw([{ parameters, rate: 1 }], { ...options, weightDecay: 0 });
