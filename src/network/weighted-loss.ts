import { IGNORE } from "../datasets/dataset.js";
import { crossEntropy, type Tensor } from "../torch/index.js";
import { upsampleLogits } from "./segmentation-loss.js";

/**
 * Cross-entropy of logits [N, C, h, w], upsampled, with labels int64 [N, H, W], each pixel times its
 * weight [N, H, W]: the mean over all pixels, IGNORE counting as 0. So a weight below 1 lowers the
 * whole and is not made up for by the other pixels (Tranheden et al., DACS, WACV 2021, eq. 3).
 */
export function weightedSegmentationLoss(logits: Tensor, labels: Tensor, weights: Tensor): Tensor {
  const full = upsampleLogits(logits, labels.size(1), labels.size(2));
  const each = crossEntropy(full, labels, { ignore: IGNORE, reduction: "none" }); // [N, H, W]
  return each.mul(weights).mean();
}
