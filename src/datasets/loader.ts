import { setImmediate as turnOfEventLoop } from "node:timers/promises";
import { printable } from "../printable.js";
import type { Dataset, Sample, Size } from "./dataset.js";
import { createSampler } from "./sampler.js";
import type { Shard } from "./shard.js";
import type { Workers } from "./workers.js";

/** Changes a sample, depending on the sample and its position `k` in the stream. */
export type Transform = (sample: Sample, k: number) => Promise<Sample>;

const PATIENCE_MS = 30_000;

/** How a loader draws its batches. */
export interface LoaderOptions {
  /** Samples in a batch. */
  readonly batch: number;
  readonly size: Size;
  readonly seed: number;
  /** Samples of the stream that are already used: 0 for a new run. */
  readonly start?: number | undefined;
  /** If several loaders share a stream: batch n of this one is batch n * size + rank of the stream. */
  readonly shard?: Shard | undefined;
  /** Batches in flight or ready; by default at least 4 and at least 8 samples. */
  readonly prefetch?: number | undefined;
  /** Index of sample k of the stream; by default every sample once per epoch. */
  readonly order?: ((k: number) => number) | undefined;
  /** Applied to sample k of the stream after decoding: style, augmentation. */
  readonly transform?: Transform | undefined;
  /** Most bytes of decoded samples to cache in memory; 256 MiB by default. */
  readonly cacheBytes?: number | undefined;
  /** Threads that read labels. */
  readonly workers?: Workers | undefined;
  /** Called every 30 s that `next` waits, with the samples that it waits for. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

/** An endless stream of batches. Samples are cached and returned again: treat them as read-only. */
export interface Loader {
  /** The next batch; rejects if a sample cannot be read. */
  next(): Promise<Sample[]>;
  /** Total time spent in `next`, in milliseconds. */
  waited(): number;
  /** Stops prefetching; afterwards `next` rejects. */
  close(): void;
}

/**
 * Shuffles a data set in every epoch and reads ahead. Sample k of the stream depends on (seed, k) only:
 * a run that has used k samples resumes with `start: k`.
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): Loader {
  const { batch, size, seed, start = 0, cacheBytes, transform, workers, warn = () => {} } = options;
  const { shard = { rank: 0, size: 1 } } = options;
  const { prefetch = Math.max(4, Math.ceil(8 / batch)) } = options;
  if (dataset.names.length === 0) throw new RangeError(`${dataset.name} is empty`);
  const { order: indexAt = createSampler(dataset.names.length, seed) } = options;
  const load = cachedLoad(dataset, size, cacheBytes, workers);
  const queue: Batch[] = [];
  let position = start + shard.rank * batch;
  let waited = 0;
  let closed = false;

  async function sampleAt(k: number, missing: Set<string>): Promise<Sample> {
    const index = indexAt(k);
    const name = dataset.names[index] as string;
    missing.add(name);
    const sample = await load(index);
    const ready = transform ? await transform(sample, k) : sample;
    missing.delete(name);
    return ready;
  }

  function readAhead(batches: number): void {
    while (queue.length < batches) {
      const missing = new Set<string>();
      const samples = Array.from({ length: batch }, (_, i) => sampleAt(position + i, missing));
      position += batch * shard.size;
      const ready = Promise.all(samples);
      ready.catch(() => {}); // reported by next()
      queue.push({ ready, missing });
    }
  }
  readAhead(prefetch);

  return {
    async next() {
      if (closed) throw new Error("the loader is closed");
      const began = performance.now();
      readAhead(prefetch + 1);
      const { ready, missing } = queue.shift() as Batch;
      const impatience = setInterval(() => {
        const seconds = Math.round((performance.now() - began) / 1000);
        warn(
          `waiting for ${printable([...missing].join(", "))} of ${dataset.name} for ${seconds} s: check ` +
            "that its disk is mounted and not overloaded",
        );
      }, PATIENCE_MS);
      // Training blocks the event loop, and awaiting a settled promise does not turn it: without this,
      // results of the thread pool would wait until the queue is empty.
      await turnOfEventLoop();
      try {
        return await ready;
      } finally {
        clearInterval(impatience);
        waited += performance.now() - began;
      }
    },
    waited: () => waited,
    close() {
      closed = true;
      queue.length = 0;
    },
  };
}

interface Batch {
  readonly ready: Promise<Sample[]>;
  /** Names of the samples that are not ready yet. */
  readonly missing: ReadonlySet<string>;
}

/** The samples of a data set in order, reading a few ahead. `workers` read labels, if given. */
export async function* ordered(
  dataset: Dataset,
  size?: Size,
  { ahead = 4, workers }: { readonly ahead?: number; readonly workers?: Workers | undefined } = {},
): AsyncGenerator<Sample, void, undefined> {
  const { length } = dataset.names;
  const queue: Promise<Sample>[] = [];
  for (let index = 0; index < length || queue.length > 0; ) {
    while (index < length && queue.length <= ahead) {
      const ready = dataset.load(index++, size, workers);
      ready.catch(() => {}); // awaited below
      queue.push(ready);
    }
    await turnOfEventLoop();
    yield (await queue.shift()) as Sample;
  }
}

/**
 * Caches samples until the budget is used. Nothing is evicted: in a stream that visits every sample once
 * per epoch, the oldest cached sample is the next one needed.
 */
function cachedLoad(
  dataset: Dataset,
  size: Size,
  budget = 256 * 2 ** 20,
  workers?: Workers,
): (index: number) => Promise<Sample> {
  const kept = new Map<number, Promise<Sample>>();
  let bytes = 0;
  return (index) => {
    const known = kept.get(index);
    if (known) return known;
    const loading = dataset.load(index, size, workers).then(
      (sample) => {
        const needed = sample.image.byteLength + (sample.label?.byteLength ?? 0);
        if (bytes + needed > budget) kept.delete(index);
        else bytes += needed;
        return sample;
      },
      (error: unknown) => {
        kept.delete(index);
        throw error;
      },
    );
    kept.set(index, loading); // also while it loads: a small set may need it again
    return loading;
  };
}
