import type { Tensor } from "./tensor.js";

/** Tensors made since the innermost open scope began, that scope's to free. */
let current: Tensor[] | undefined;

/** Called by every new tensor. Returns whether a scope will free it. */
export function adopt(tensor: Tensor): boolean {
  current?.push(tensor);
  return current !== undefined;
}

type Visit = (tensor: Tensor) => void;

/** Visits the tensors inside a value: itself, or in arrays, maps and plain objects. */
function eachTensor(value: unknown, visit: Visit): void {
  if (value === null || typeof value !== "object") return;
  if (isTensor(value)) visit(value);
  else if (value instanceof Map) for (const item of value.values()) eachTensor(item, visit);
  else if (Array.isArray(value)) for (const item of value) eachTensor(item, visit);
  else if (Object.getPrototypeOf(value) === Object.prototype) {
    for (const item of Object.values(value)) eachTensor(item, visit);
  }
}

function isTensor(value: object): value is Tensor {
  return "handle" in value && "dispose" in value;
}

/**
 * Runs `body` and frees every tensor that it made, except those in what it returns (which then
 * belong to the enclosing scope) and those it marked with `keep`. Synchronous on purpose: a scope
 * that is open across an `await` would free other people's tensors.
 *
 *     const norm = scope(() => x.mul(x).sum().sqrt()); // the two intermediates are gone
 */
export function scope<T>(body: () => T): T {
  const outer = current;
  const mine: Tensor[] = [];
  current = mine;
  let result: T | undefined;
  try {
    result = body();
    if (result instanceof Promise) throw new Error("scope: the body must be synchronous");
    return result;
  } finally {
    current = outer;
    const escaping = new Set<Tensor>();
    eachTensor(result, (tensor) => escaping.add(tensor));
    for (const tensor of mine) {
      if (tensor.kept) continue;
      if (!escaping.has(tensor)) tensor.dispose();
      else if (!adopt(tensor)) tensor.guard();
    }
  }
}

/** Exempts the tensors in `value` from every scope: they live until disposed. Returns `value`. */
export function keep<T>(value: T): T {
  eachTensor(value, (tensor) => {
    tensor.kept = true;
    tensor.guard();
  });
  return value;
}

/** Frees the tensors in `value` now. */
export function dispose(value: unknown): void {
  eachTensor(value, (tensor) => tensor.dispose());
}
