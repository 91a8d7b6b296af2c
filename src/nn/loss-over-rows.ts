import {
  gradEnabled,
  gradients,
  scope,
  type Tensor,
  tensor,
  upsampleBilinear,
  zeros,
} from "../torch/index.js";

/** Elements of a block of rows, so that it fits a core's cache. */
const BLOCK = 2 ** 18;

/**
 * The sum over the pixels of logits [N, C, h, w], upsampled to height x width (bilinear, aligned
 * corners), of a loss that depends on each pixel separately: `loss` maps rows `from` to `to` (exclusive),
 * [N, C, to - from, width], to their sum. The large logits never exist as a whole: each block of rows is
 * computed, its loss evaluated and differentiated before the next. The gradient is exact, but cannot be
 * differentiated again.
 */
export function lossOverRows(
  logits: Tensor,
  height: number,
  width: number,
  loss: (rows: Tensor, from: number, to: number) => Tensor,
): Tensor {
  return scope(() => {
    const [n, classes, h] = logits.shape as [number, number, number];
    const { dtype, device } = logits;
    const learning = gradEnabled() && logits.requiresGrad;
    const small = logits.detach();
    small.requiresGrad = learning;
    const total = zeros([], { dtype, device });
    const gradient = zeros(learning ? logits.shape : [], { dtype, device });
    const between = rowWeights(h, height).to({ dtype, device });
    const step = Math.max(1, Math.floor(BLOCK / (n * classes * width)));
    for (let from = 0; from < height; from += step) {
      scope(() => {
        const to = Math.min(height, from + step);
        const rows = between.slice(0, from, to).matmul(small); // [N, C, to - from, w]
        const part = loss(upsampleBilinear(rows, to - from, width), from, to);
        total.addInPlace(part.detach());
        if (learning) gradient.addInPlace(gradients([part], [small])[0] as Tensor);
      });
    }
    if (!learning) return total;
    const slope = logits.mul(gradient).sum(); // has the right gradient, but not the right value
    return slope.sub(slope.detach()).add(total);
  });
}

/** [height, h]: weights of the small image's rows in each row of the large one, corners aligned. */
function rowWeights(h: number, height: number): Tensor {
  const weights = new Float64Array(height * h);
  for (let y = 0; y < height; y++) {
    const at = height > 1 ? (y * (h - 1)) / (height - 1) : 0;
    const above = Math.min(Math.floor(at), h - 1);
    const below = Math.min(above + 1, h - 1);
    weights[y * h + above] = 1 - (at - above);
    weights[y * h + below] = (weights[y * h + below] as number) + (at - above);
  }
  return tensor(weights, [height, h]);
}
