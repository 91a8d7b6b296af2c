import { constant } from "./constant.js";
import { tensor } from "./creation.js";
import type { Dtype } from "./dtype.js";
import type { Tensor } from "./tensor.js";

/**
 * The weights of bilinear resizing in one dimension with aligned corners, [to, from]: row y has the weights
 * of the old positions in the new position y. The matrix is cached: do not change it.
 */
export const bilinearWeights = (
  from: number,
  to: number,
  { dtype, device }: { readonly dtype: Dtype; readonly device: string },
): Tensor =>
  constant(`bilinear ${from} ${to} ${dtype} ${device}`, () =>
    calculated(from, to).to({ dtype, device }),
  );

/** float64 [to, from]. */
function calculated(from: number, to: number): Tensor {
  const weights = new Float64Array(to * from);
  for (let y = 0; y < to; y++) {
    const at = to > 1 ? (y * (from - 1)) / (to - 1) : 0;
    const above = Math.min(Math.floor(at), from - 1);
    const below = Math.min(above + 1, from - 1);
    weights[y * from + above] = 1 - (at - above);
    weights[y * from + below] = (weights[y * from + below] as number) + (at - above);
  }
  return tensor(weights, [to, from]);
}
