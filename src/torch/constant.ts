import { keep, scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

/** Most tensors in the cache; a training uses about ten. */
const MOST = 32;

/** By name; the last used is the last. */
const cache = new Map<string, Tensor>();
/** How many CUDA graphs read a constant. */
const readers = new Map<Tensor, number>();
/** The constants that `pinning` has met; undefined outside it. */
let met: Set<Tensor> | undefined;

/**
 * A tensor that is computed once and cached by `name`, so that it is not uploaded in every step. It must not
 * be changed.
 */
export function constant(name: string, make: () => Tensor): Tensor {
  const tensor = cache.get(name) ?? keep(scope(make));
  cache.delete(name);
  cache.set(name, tensor);
  met?.add(tensor);
  if (cache.size > MOST) {
    const [oldest, unused] = cache.entries().next().value as [string, Tensor];
    cache.delete(oldest);
    if (!readers.has(unused) && !met?.has(unused)) unused.dispose();
  }
  return tensor;
}

/**
 * Runs `body`. The constants that it uses stay in memory, where a CUDA graph reads them, until `release`,
 * also if the cache forgets them.
 */
export function pinning<T>(body: () => T): { readonly result: T; readonly release: () => void } {
  const own = new Set<Tensor>();
  met = own;
  try {
    const result = body();
    for (const tensor of own) readers.set(tensor, (readers.get(tensor) ?? 0) + 1);
    return { result, release: () => own.forEach(release) };
  } finally {
    met = undefined;
  }
}

function release(tensor: Tensor): void {
  const others = (readers.get(tensor) ?? 0) - 1;
  if (others > 0) {
    readers.set(tensor, others);
    return;
  }
  readers.delete(tensor);
  if (![...cache.values()].includes(tensor)) tensor.dispose();
}
