import {
  bilinearWeights,
  gradEnabled,
  gradients,
  isGpu,
  scope,
  type Tensor,
  upsampleBilinear,
  zeros,
} from "../torch/index.js";

/** Elements of a block of rows, so that it fits a core's cache. */
const CPU_BLOCK = 2 ** 18;
/** Elements of a block on a GPU, 64 MiB: 4 images of 640x320 with 19 classes are one block. */
const GPU_BLOCK = 2 ** 24;

/**
 * The sum over the pixels of logits [N, C, h, w], upsampled to height x width (bilinear, aligned
 * corners), of a loss that depends on each pixel separately: `loss` maps rows `from` to `to` (exclusive),
 * [N, C, to - from, width], to their sum. The large logits never exist as a whole: each block of rows is
 * computed, its loss evaluated and differentiated before the next. The gradient is exact, but cannot be
 * differentiated again. On a GPU, logits of one block are upsampled as a whole.
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
    const most = isGpu(device) ? GPU_BLOCK : CPU_BLOCK;
    const step = Math.max(1, Math.floor(most / (n * classes * width)));
    if (isGpu(device) && step >= height) {
      return loss(upsampleBilinear(logits, height, width), 0, height);
    }
    const learning = gradEnabled() && logits.requiresGrad;
    const small = logits.detach();
    small.requiresGrad = learning;
    const total = zeros([], { dtype, device });
    const gradient = zeros(learning ? logits.shape : [], { dtype, device });
    const between = bilinearWeights(h, height, { dtype, device });
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
