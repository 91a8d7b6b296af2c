/**
 * Calls `work` with 0 to `count` - 1 in order, up to `limit` at once. After an error, or once `signal` is aborted, it
 * begins no more, and waits for those that have begun, so that nothing works on in the background.
 * @throws the first error of `work`
 */
export async function inFlight(
  count: number,
  limit: number,
  work: (index: number) => Promise<void>,
  signal?: AbortSignal,
): Promise<void> {
  let next = 0;
  const worker = async () => {
    while (next < count && !signal?.aborted) {
      await work(next++).catch((error: unknown) => {
        next = count;
        throw error;
      });
    }
  };
  const workers = Array.from({ length: Math.min(limit, count) }, worker);
  await Promise.allSettled(workers);
  await Promise.all(workers);
}
