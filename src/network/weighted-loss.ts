import { IGNORE } from "../datasets/dataset.js";
import { lossOverRows } from "../nn/index.js";
import { crossEntropy, scope, type Tensor } from "../torch/index.js";

/**
 * Cross-entropy of logits [N, C, h, w], upsampled, with labels int64 [N, H, W], each pixel times its
 * weight [N, H, W]: the mean over all pixels, IGNORE counting as 0. So a weight below 1 lowers the
 * whole and is not made up for by the other pixels (Tranheden et al., DACS, WACV 2021, eq. 3).
 */
export function weightedSegmentationLoss(logits: Tensor, labels: Tensor, weights: Tensor): Tensor {
  return scope(() =>
    lossOverRows(logits, labels.size(1), labels.size(2), (rows, from, to) =>
      crossEntropy(rows, labels.slice(1, from, to), { ignore: IGNORE, reduction: "none" })
        .mul(weights.slice(1, from, to))
        .sum(),
    ).div(labels.count),
  );
}
