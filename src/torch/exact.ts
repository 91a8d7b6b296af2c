import { operator } from "./operator.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

// CUDA sums some gradients by atomic additions, whose order varies from run to run. These versions of the
// operators give the same bits in every run, for `train.deterministic`. On the CPU, all operators do.

const cat = operator("cat");

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
