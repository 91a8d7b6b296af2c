/**
 * Runs a `body` that must have ended when this returns: what `name` sets up holds for that long only.
 * @throws if `body` is asynchronous
 */
export function synchronous<T>(name: string, body: () => T): T {
  const result = body();
  if (!isPromise(result)) return result;
  result.then(undefined, () => {}); // its failure, if any, comes of this one
  throw new Error(
    `${name}: the function returned a promise, but it must be synchronous; await outside of ${name}`,
  );
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === "object" &&
    value !== null &&
    "then" in value &&
    typeof value.then === "function"
  );
}
