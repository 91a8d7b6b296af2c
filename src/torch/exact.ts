import { autocast } from "./autograd.js";
import { operator } from "./operator.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

// CUDA sums some gradients by atomic additions, whose order varies from run to run. These versions of the
// operators give the same bits in every run, for `train.deterministic`. On the CPU, all operators do.

const cat = operator("cat");
const arange = operator("arange");

/**
 * The weights of bilinear resizing in one dimension, with aligned corners.
 * @returns float32 [to, from], on `device`
 */
export function bilinearWeights(from: number, to: number, device: string): Tensor {
  return scope(() => {
    const positions = (count: number) => arange(count).to({ dtype: "float64" });
    const scale = to > 1 ? (from - 1) / (to - 1) : 0;
    const distance = positions(to).mul(scale).unsqueeze(1).sub(positions(from).unsqueeze(0)).abs();
    return distance.neg().add(1).clampMin(0).to({ dtype: "float32" }).to({ device });
  });
}

/** `upsample_bilinear2d` with aligned corners as two matrix products in float32. */
export function resizeByProducts(x: Tensor, height: number, width: number): Tensor {
  const { device, dtype } = x;
  const resized = () => {
    const rows = bilinearWeights(x.size(2), height, device); // [height, h]
    const columns = bilinearWeights(x.size(3), width, device).transpose(0, 1); // [w, width]
    const own = x.to({ dtype: "float32" });
    return rows.matmul(own).matmul(columns).to({ dtype });
  };
  return scope(() => autocast("float32", resized, device));
}

/** `reflection_pad2d` by slices: `padding` pixels at each border of [N, C, H, W]. */
export function reflectBySlices(x: Tensor, padding: number): Tensor {
  const along = (image: Tensor, dim: number): Tensor => {
    const size = image.size(dim);
    const before = image.slice(dim, 1, padding + 1).flip(dim);
    const after = image.slice(dim, size - padding - 1, size - 1).flip(dim);
    return cat([before, image, after], dim);
  };
  return scope(() => along(along(x, 3), 2));
}

/** Cross-entropy over classes, summed over or averaged over the labels that are not `ignore`. */
export function reducedAfter(
  each: Tensor,
  labels: Tensor,
  { ignore, reduction }: { readonly ignore: number; readonly reduction: "sum" | "mean" },
): Tensor {
  const sum = each.sum();
  return reduction === "sum" ? sum : sum.div(labels.ne(ignore).sum());
}
