import { setImmediate as turnOfEventLoop } from "node:timers/promises";
import { printable } from "../errors.js";
import type { Dataset, Sample, Size } from "./dataset.js";
import { createSampler } from "./sampler.js";
import type { Shard } from "./shard.js";

/** A change of a sample that depends on the sample and its place `k` in the stream. */
export type Transform = (sample: Sample, k: number) => Promise<Sample>;

const PATIENCE_MS = 30_000;

/** How a loader draws its batches. */
export interface LoaderOptions {
  /** Samples in a batch. */
  readonly batch: number;
  readonly size: Size;
  readonly seed: number;
  /** Samples of the stream that were used before: 0 for a new run. */
  readonly start?: number | undefined;
  /** Of several loaders of one stream: batch n of this one is batch n * size + rank of the stream. */
  readonly shard?: Shard | undefined;
  /** Batches in flight or ready; by default at least 4 and at least 8 samples. */
  readonly prefetch?: number | undefined;
  /** Index of sample k of the stream; every sample once per epoch when omitted. */
  readonly order?: ((k: number) => number) | undefined;
  /** Changes sample k of the stream after it was decoded, by k alone: style, augmentation. */
  readonly transform?: Transform | undefined;
  /** Decoded samples kept in memory, at most; 256 MiB by default. */
  readonly cacheBytes?: number | undefined;
  /** Is told, every 30 s that `next` takes, what it waits for. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

/** An endless stream of batches. Samples may be handed out again: treat them as read-only. */
export interface Loader {
  /** The next batch; rejects with the error of a sample that cannot be read. */
  next(): Promise<Sample[]>;
  /** Milliseconds that `next` has taken in all, since the loader was made. */
  waited(): number;
  /** Stops prefetching; `next` rejects from then on. */
  close(): void;
}

/**
 * Shuffles a data set by epochs and reads ahead. Sample k of the stream is a function of (seed, k)
 * alone: a run that has used k samples resumes with `start: k`.
 */
export function createLoader(dataset: Dataset, options: LoaderOptions): Loader {
  const { batch, size, seed, start = 0, cacheBytes, transform, warn = () => {} } = options;
  const { shard = { rank: 0, size: 1 } } = options;
  const { prefetch = Math.max(4, Math.ceil(8 / batch)) } = options;
  if (dataset.names.length === 0) throw new RangeError(`${dataset.name} has no samples`);
  const { order: indexAt = createSampler(dataset.names.length, seed) } = options;
  const load = cachedLoad(dataset, size, cacheBytes);
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
      ready.catch(() => {}); // next() reports it, when its turn comes
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
          `waiting for ${printable([...missing].join(", "))} of ${dataset.name} for ${seconds} s: is the disk ` +
            "that the data set lies on slow, or gone?",
        );
      }, PATIENCE_MS);
      // Training blocks the event loop and awaiting a settled promise does not turn it: without
      // this, what the thread pool has finished would wait until the queue has run dry.
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
  /** Names of those that are not there yet. */
  readonly missing: ReadonlySet<string>;
}

/** The samples of a data set in its order, reading a few ahead. */
export async function* ordered(
  dataset: Dataset,
  size?: Size,
  { ahead = 4 }: { readonly ahead?: number } = {},
): AsyncGenerator<Sample, void, undefined> {
  const { length } = dataset.names;
  const queue: Promise<Sample>[] = [];
  for (let index = 0; index < length || queue.length > 0; ) {
    while (index < length && queue.length <= ahead) {
      const ready = dataset.load(index++, size);
      ready.catch(() => {}); // awaited below
      queue.push(ready);
    }
    await turnOfEventLoop();
    yield (await queue.shift()) as Sample;
  }
}

/**
 * Loads each sample once as long as the budget lasts. Nothing is evicted: in a stream that visits
 * every sample once per epoch, the oldest one kept is the next one needed.
 */
function cachedLoad(
  dataset: Dataset,
  size: Size,
  budget = 256 * 2 ** 20,
): (index: number) => Promise<Sample> {
  const kept = new Map<number, Promise<Sample>>();
  let bytes = 0;
  return (index) => {
    const known = kept.get(index);
    if (known) return known;
    const loading = dataset.load(index, size).then(
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
    kept.set(index, loading); // while it loads, too: a small set may ask for it again
    return loading;
  };
}
