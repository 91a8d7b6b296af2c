import { IGNORE } from "../datasets/dataset.js";
import { lossOverRows } from "../nn/index.js";
import { crossEntropy, scope, type Tensor, upsampleBilinear } from "../torch/index.js";

/** Upsamples logits [N, C, h, w] to the size of an image, [N, C, height, width], as in the reference. */
export function upsampleLogits(logits: Tensor, height: number, width: number): Tensor {
  return upsampleBilinear(logits, height, width);
}

/**
 * Mean cross-entropy of logits [N, C, h, w], upsampled, with labels int64 [N, H, W] over the pixels
 * that are not IGNORE. If there are no such pixels, it is 0 without a gradient, not NaN.
 */
export function segmentationLoss(logits: Tensor, labels: Tensor): Tensor {
  return scope(() => {
    const labelled = labels.ne(IGNORE).sum().item();
    return lossOverRows(logits, labels.size(1), labels.size(2), (rows, from, to) =>
      crossEntropy(rows, labels.slice(1, from, to), { ignore: IGNORE, reduction: "sum" }),
    ).div(Math.max(1, labelled));
  });
}
