import { keep, scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

/** Most tensors in the cache; a training uses about ten. */
const MOST = 32;

/** By name; the last used is the last. */
const cache = new Map<string, Tensor>();
/** Those that stay in memory. */
const pinned = new Set<Tensor>();
let isPinning = false;

/**
 * A tensor that is computed once and cached by `name`, so that it is not uploaded in every step. It must not
 * be changed.
 */
export function constant(name: string, make: () => Tensor): Tensor {
  const tensor = cache.get(name) ?? keep(scope(make));
  cache.delete(name);
  cache.set(name, tensor);
  if (isPinning) pinned.add(tensor);
  if (cache.size > MOST) {
    const [oldest, unused] = cache.entries().next().value as [string, Tensor];
    cache.delete(oldest);
    if (!pinned.has(unused)) unused.dispose();
  }
  return tensor;
}

/** Runs `body`. The constants that it uses stay in memory, where a CUDA graph reads them. */
export function pinning<T>(body: () => T): T {
  const before = isPinning;
  isPinning = true;
  try {
    return body();
  } finally {
    isPinning = before;
  }
}
