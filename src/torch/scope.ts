import { synchronous } from "./synchronous.js";

/** An object that a scope frees: a tensor. */
export interface Owned {
  /** Set by `keep`: no scope frees it. */
  kept: boolean;
  /** Frees it now. */
  dispose(): void;
  /** Lets the garbage collector free it. */
  guard(): void;
}

/** The tensors of the innermost open scope, which frees them. */
let current: Owned[] | undefined;

/** Adds a new tensor to the innermost scope. Returns false if there is none. */
export function adopt(tensor: Owned): boolean {
  current?.push(tensor);
  return current !== undefined;
}

/**
 * The tensors in a value: itself, or in arrays, sets, maps and plain objects, which may be nested to any
 * depth and contain themselves.
 */
function tensorsIn(value: unknown): Set<Owned> {
  const found = new Set<Owned>();
  const seen = new Set<object>();
  const open: object[] = [];
  const meet = (item: unknown) => {
    if (typeof item !== "object" || item === null || seen.has(item)) return;
    seen.add(item);
    if (isOwned(item)) found.add(item);
    else open.push(item);
  };
  meet(value);
  for (let item = open.pop(); item !== undefined; item = open.pop()) {
    for (const inner of contents(item)) meet(inner);
  }
  return found;
}

function isOwned(value: object): value is Owned {
  return "kept" in value && "guard" in value && "dispose" in value;
}

function contents(value: object): Iterable<unknown> {
  if (Array.isArray(value) || value instanceof Set) return value;
  if (value instanceof Map) return value.values();
  const prototype = Object.getPrototypeOf(value);
  return prototype === Object.prototype || prototype === null ? Object.values(value) : [];
}

/**
 * Runs `body` and frees every tensor that it creates, except those in its return value (which then belong
 * to the enclosing scope) and those marked with `keep`. It is synchronous on purpose: a scope that is open
 * across an `await` would free tensors of other code.
 *
 *     const norm = scope(() => x.mul(x).sum().sqrt()); // frees the two intermediate tensors
 *
 * @throws if `body` returns a promise
 */
export function scope<T>(body: () => T): T {
  const outer = current;
  const mine: Owned[] = [];
  let escaping: ReadonlySet<Owned> = new Set();
  current = mine;
  try {
    const result = synchronous("scope", body);
    escaping = tensorsIn(result);
    return result;
  } finally {
    current = outer;
    for (const tensor of mine) {
      if (tensor.kept) continue;
      if (!escaping.has(tensor)) tensor.dispose();
      else if (!adopt(tensor)) tensor.guard();
    }
  }
}

/** Exempts the tensors in `value` from all scopes: they live until disposed. Returns `value`. */
export function keep<T>(value: T): T {
  for (const tensor of tensorsIn(value)) {
    tensor.kept = true;
    tensor.guard();
  }
  return value;
}

/** Frees the tensors in `value` now. */
export function dispose(value: unknown): void {
  for (const tensor of tensorsIn(value)) tensor.dispose();
}
