import { lossOverRows } from "../nn/index.js";
import { scope, type Tensor } from "../torch/index.js";

const LEAST = 1e-30; // keeps log2 finite

/**
 * Mean over pixels of the normalised entropy, -sum_c p_c log2(p_c + 1e-30) / log2(C), of logits
 * [N, C, h, w] upsampled to height x width: 0 for a certain prediction, 1 for a uniform one.
 * Vu et al., ADVENT, CVPR 2019, eq. 2-3 (MinEnt).
 */
export function entropyLoss(logits: Tensor, height: number, width: number): Tensor {
  return scope(() =>
    lossOverRows(logits, height, width, (rows) => entropyMap(rows.softmax(1)).sum()).div(
      logits.size(0) * height * width,
    ),
  );
}

/** Probabilities [N, C, H, W] -> normalised entropy per pixel [N, H, W], 0..1. */
export function entropyMap(probability: Tensor): Tensor {
  return selfInformation(probability).sum(1);
}

/**
 * Probabilities [N, C, H, W] -> the share of each class in a pixel's normalised entropy, [N, C, H, W]:
 * -p_c log2(p_c + 1e-30) / log2(C). ADVENT's weighted self-information maps, section 3.2.
 */
export function selfInformation(probability: Tensor): Tensor {
  const information = probability.add(LEAST).log2();
  return probability.mul(information).div(-Math.log2(probability.size(1)));
}
