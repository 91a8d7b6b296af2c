import { IGNORE } from "../datasets/dataset.js";
import { lossOverRows } from "../nn/index.js";
import { crossEntropy, scope, type Tensor } from "../torch/index.js";

/**
 * Cross-entropy of logits [N, C, h, w], upsampled, with labels int64 [N, H, W], times a weight per pixel
 * [N, H, W]: the mean over all pixels, in which IGNORE counts as 0. A weight below 1 lowers the mean: it
 * is not divided by the sum of weights (Tranheden et al., DACS, WACV 2021, eq. 3).
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
