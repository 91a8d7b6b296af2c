import { autocast } from "./autograd.js";
import { bilinearWeights } from "./bilinear-weights.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

/**
 * `upsample_bilinear2d` with aligned corners as two matrix products in float32, for gradients on a GPU: the
 * operator's own add up by atomic additions, which is slow, and gives other bits in every run.
 */
export function resizeByProducts(x: Tensor, height: number, width: number): Tensor {
  const { device, dtype } = x;
  const weights = (from: number, to: number) =>
    bilinearWeights(from, to, { dtype: "float32", device });
  const resized = () => {
    const [h, w] = [x.size(2), x.size(3)];
    const own = x.to({ dtype: "float32" });
    const rows = h === height ? own : weights(h, height).matmul(own); // [N, C, height, w]
    const all = w === width ? rows : rows.matmul(weights(w, width).transpose(0, 1));
    return all.to({ dtype });
  };
  return scope(() => autocast("float32", resized, device));
}
