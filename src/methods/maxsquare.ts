import { z } from "zod";
import { guidance, maxSquareLoss } from "../entropy/index.js";
import { segmentationLoss } from "../network/index.js";
import type { Method, MethodContext } from "./method.js";
import { supervisedOptions } from "./step/supervised.js";
import { twoHalves } from "./step/two-halves.js";

const weight = z.number().min(0);

export const maxSquareOptions = z.strictObject({
  ...supervisedOptions,
  /** Weight of the maximum-squares loss of the main head. */
  maxSquare: weight.default(0.1),
  /** Image-wise class weighting: 0 off (equal pixels), 0.2 as published, 1 equal classes. */
  balance: z.number().min(0).max(1).default(0.2),
  /** Weight of the auxiliary head's cross-entropy against the mean prediction of both heads; 0 is off. */
  guidance: weight.default(0.01),
  /** Probability that one head must exceed for a pixel to be used as a label. */
  guidanceThreshold: z.number().min(0).max(1).default(0.95),
});

/** Maximum squares, image-wise weights, multi-level guidance: Chen, Xue & Cai, ICCV 2019. */
export function maxSquare(
  context: MethodContext,
  options: z.infer<typeof maxSquareOptions>,
): Method {
  const { maxSquare, balance, guidanceThreshold } = options;
  return twoHalves(context, options.aux, (prediction, images) => {
    const [height, width] = [images.size(2), images.size(3)];
    const labels = guidance(prediction, height, width, guidanceThreshold);
    return {
      "target/maxSquare": [maxSquare, maxSquareLoss(prediction.main, height, width, balance)],
      ...(options.guidance > 0 && {
        "target/guidance": [options.guidance, segmentationLoss(prediction.aux, labels)],
      }),
    };
  });
}
