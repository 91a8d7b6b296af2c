import { IGNORE } from "../datasets/dataset.js";
import { lossOverRows } from "../nn/index.js";
import { noGrad, scope, stack, type Tensor, upsampleBilinear } from "../torch/index.js";

/**
 * Maximum-squares loss of logits [N, C, h, w] upsampled to height x width: -1/2 of the squared
 * probabilities' mean, -1/(2C) for a certain prediction. Its gradient grows linearly with a
 * probability, while the gradient of the entropy favours pixels that are already certain.
 *
 * With `balance` b the weight of a pixel is N_k^-b N^(b-1) instead of 1/N, where N_k of an image's N
 * pixels are predicted as this pixel's class k: 0 gives equal weight to all pixels, 1 to all classes.
 * Chen, Xue & Cai, ICCV 2019, sections 3.1 and 3.3; like its published code, a mean over classes.
 */
export function maxSquareLoss(logits: Tensor, height: number, width: number, balance = 0): Tensor {
  if (balance === 0) {
    const count = logits.size(0) * logits.size(1) * height * width;
    const squares = (rows: Tensor) => rows.softmax(1).pow(2).sum();
    return scope(() => lossOverRows(logits, height, width, squares).div(-2 * count));
  }
  const probability = upsampleBilinear(logits, height, width).softmax(1); // [N, C, H, W]
  const squares = probability.pow(2).mean(1); // [N, H, W]
  const weights = noGrad(() => imageWiseWeights(probability, balance));
  return squares
    .mul(weights)
    .sum()
    .div(-2 * probability.size(0));
}

/** Probabilities [N, C, H, W] -> the weight of each pixel by its predicted class, [N, H, W]. */
function imageWiseWeights(probability: Tensor, balance: number): Tensor {
  return scope(() => {
    const [n, classes, height, width] = probability.shape as [number, number, number, number];
    const total = (height * width) ** (1 - balance);
    const maps = Array.from({ length: n }, (_, i) => {
      const predicted = probability.select(0, i).argmax(0).reshape(-1);
      const counts = predicted.bincount(classes).to({ dtype: "float32" });
      const weights = counts.clampMin(1).pow(-balance).div(total); // [C]
      return weights.indexSelect(0, predicted).reshape(height, width);
    });
    return stack(maps);
  });
}

/**
 * Labels int64 [N, height, width] for the auxiliary head from both heads' logits [N, C, h, w]: the
 * class of the mean of both predictions if the confidence of one is above `threshold`, else IGNORE.
 * Chen, Xue & Cai, ICCV 2019, section 3.4 (multi-level self-produced guidance).
 */
export function guidance(
  { main, aux }: { readonly main: Tensor; readonly aux: Tensor },
  height: number,
  width: number,
  threshold: number,
): Tensor {
  return noGrad(() =>
    scope(() => {
      const both = stack([main, aux].map((x) => upsampleBilinear(x, height, width).softmax(1)));
      const sure = both.amax([0, 2]).gt(threshold); // [N, H, W]
      return both.mean(0).argmax(1).maskedFill(sure.not(), IGNORE);
    }),
  );
}
