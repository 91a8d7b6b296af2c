import { keep, scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

/** Most tensors in the cache; a training uses about ten. */
const MOST = 32;

/** By name; the last used is the last. */
const cache = new Map<string, Tensor>();

/**
 * A tensor that is computed once and cached by `name`, so that it is not uploaded in every step. It must not
 * be changed.
 */
export function constant(name: string, make: () => Tensor): Tensor {
  const tensor = cache.get(name) ?? keep(scope(make));
  cache.delete(name);
  cache.set(name, tensor);
  if (cache.size > MOST) {
    const [oldest, unused] = cache.entries().next().value as [string, Tensor];
    cache.delete(oldest);
    unused.dispose();
  }
  return tensor;
}
