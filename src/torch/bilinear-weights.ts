import { tensor } from "./creation.js";
import type { Dtype } from "./dtype.js";
import { keep, scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

/** Most matrices in the cache; a training uses about ten. */
const MOST = 32;

/** By sizes, type and device; the last used is the last. */
const cache = new Map<string, Tensor>();

/**
 * The weights of bilinear resizing in one dimension with aligned corners, [to, from]: row y has the weights
 * of the old positions in the new position y. The matrix is cached, and must not be changed.
 */
export function bilinearWeights(
  from: number,
  to: number,
  { dtype, device }: { readonly dtype: Dtype; readonly device: string },
): Tensor {
  const key = [from, to, dtype, device].join();
  const known = cache.get(key);
  const weights = known ?? keep(scope(() => calculated(from, to).to({ dtype, device })));
  cache.delete(key);
  cache.set(key, weights);
  if (cache.size > MOST) {
    const [oldest, unused] = cache.entries().next().value as [string, Tensor];
    cache.delete(oldest);
    unused.dispose();
  }
  return weights;
}

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
