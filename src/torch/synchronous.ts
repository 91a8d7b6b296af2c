/**
 * Runs a `body` that must end before this function returns, since the effect of `name` ends then.
 * @throws if `body` is asynchronous
 */
export function synchronous<T>(name: string, body: () => T): T {
  const result = body();
  if (!isPromise(result)) return result;
  result.then(undefined, () => {}); // only report the error below
  throw new Error(
    `${name}: the function returned a promise, but it must be synchronous; await outside ${name}`,
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
