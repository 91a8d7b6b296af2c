import { imagesOf, labelsOf } from "../datasets/batch.js";
import type { Dataset, Sample, Size } from "../datasets/dataset.js";
import { createLoader, type Transform } from "../datasets/loader.js";
import { type StreamName, streamSeed } from "../datasets/random-streams.js";
import { UserError } from "../errors.js";
import type { Domains, Method, Scalars } from "../methods/method.js";
import { batchStatistics, type Network } from "../network/index.js";
import { rateFactor } from "../nn/index.js";
import { alone, type ProcessGroup, scope } from "../torch/index.js";
import { averageScalars } from "./collectives.js";
import { labelWatch } from "./label-watch.js";
import { memoryWatch } from "./memory.js";

/** A domain to train on: images at one size, so many a step. */
export interface Stream {
  readonly dataset: Dataset;
  readonly size: Size;
  readonly batch: number;
  /** Index of sample k; see LoaderOptions. */
  readonly order?: ((k: number) => number) | undefined;
  /** What happens to its samples on the way: style, augmentation. */
  readonly transform?: Transform | undefined;
}

/** A training: what is trained, on what, for how long. */
export interface LoopOptions {
  readonly network: Network;
  readonly method: Method;
  readonly source: Stream;
  readonly target: Stream;
  /** Labelled images of the target domain, for a method with `usesLabelledTarget`. */
  readonly labelledTarget?: Stream | undefined;
  /** Steps in all. */
  readonly steps: number;
  /** Steps that a resumed run has behind it. */
  readonly start?: number;
  readonly rate: number;
  /** Where the poly schedule reaches 0; the reference stops long before that. `steps` by default. */
  readonly schedule?: number;
  /** Steps of linear warm-up; none by default. */
  readonly warmup?: number | undefined;
  readonly seed: number;
  /** The processes that train together: a step takes a batch of each, one after the other. */
  readonly group?: ProcessGroup | undefined;
  /** Is told of what goes slowly or may go wrong: data that do not come, memory that runs out. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

/** What one step gave. */
export interface StepReport {
  /** Steps done, this one included. */
  readonly step: number;
  readonly rate: number;
  /** The method's headline loss, one of `scalars`. */
  readonly loss: number;
  /** Averaged over the ranks. */
  readonly scalars: Scalars;
  readonly seconds: number;
  /** Seconds of these that were spent waiting for data. */
  readonly waiting: number;
}

/**
 * Trains step by step, and yields after each: what happens once in a while (evaluation, checkpoints,
 * stopping) is the caller's, between the steps. After a step all ranks hold the same tensors; their
 * random states alone differ.
 * @throws UserError naming step and loss when a loss is not finite
 */
export async function* trainingSteps(
  options: LoopOptions,
): AsyncGenerator<StepReport, void, undefined> {
  const { network, method, steps, start = 0, rate: base, seed } = options;
  const { schedule: total = steps, warmup, group = alone, warn = () => {} } = options;
  const watchMemory = memoryWatch(warn);
  const watch = ({ dataset }: Stream) => labelWatch(dataset, steps - start, warn);
  const statistics = [network.parameters.all, method.state].flatMap(batchStatistics);
  const load = (stream: Stream, name: StreamName) =>
    createLoader(stream.dataset, {
      batch: stream.batch,
      size: stream.size,
      seed: streamSeed(seed, name),
      start: start * stream.batch * group.size,
      shard: group,
      order: stream.order,
      transform: stream.transform,
      warn,
    });
  const source = load(options.source, "source order");
  const target = method.usesTarget ? load(options.target, "target order") : undefined;
  const extra = method.usesLabelledTarget ? requireStream(options.labelledTarget) : undefined;
  const few = extra && load(extra, "labelled target order");
  const watchSource = watch(options.source);
  const watchFew = extra && watch(extra);
  /** Images and labels as tensors. */
  const labelledBatch = (samples: readonly Sample[]) => ({
    images: imagesOf(samples, network.input, network.device),
    labels: labelsOf(samples, network.device),
  });
  try {
    for (let step = start; step < steps; step++) {
      const began = performance.now();
      const decay = rateFactor(step, { total, warmup });
      const rate = base * decay;
      const progress = { step, total: steps, rate, decay };
      await method.before?.(progress, lookAround(options));
      const fetching = performance.now();
      const labelled = await source.next();
      watchSource(labelled);
      const unlabelled = await target?.next();
      const fewLabelled = await few?.next();
      if (fewLabelled) watchFew?.(fewLabelled);
      const waiting = performance.now() - fetching;
      const own = scope(() => {
        const batches = {
          source: labelledBatch(labelled),
          ...(fewLabelled && { labelledTarget: labelledBatch(fewLabelled) }),
        };
        if (!method.usesTarget) return method.step(batches, progress);
        const images = imagesOf(unlabelled as Sample[], network.input, network.device);
        return method.step({ ...batches, target: { images } }, progress);
      });
      const scalars = averageScalars(group, own); // NaN anywhere ends all ranks alike
      requireFinite(scalars, step, base);
      group.average(statistics); // every rank has seen its own batches
      watchMemory();
      const seconds = (performance.now() - began) / 1000;
      const loss = scalars[method.headline] as number;
      yield { step: step + 1, rate, loss, scalars, seconds, waiting: waiting / 1000 };
    }
  } finally {
    source.close();
    target?.close();
    few?.close();
  }
}

function requireStream(stream: Stream | undefined): Stream {
  if (stream) return stream;
  throw new Error("the method learns from labelled target images, but labelledTarget is missing");
}

function requireFinite(scalars: Scalars, step: number, rate: number): void {
  for (const [name, value] of Object.entries(scalars)) {
    if (Number.isFinite(value)) continue;
    throw new UserError(
      "not-finite",
      `step ${step + 1}: the loss ${name} is ${value}; the last checkpoint is intact: ` +
        `lower train.rate (it is ${rate}), or use float32 instead of bfloat16; where neither ` +
        "helps, look for broken images or labels with `cfcontra data check`",
    );
  }
}

/** Samples beside the training stream, in an order of their own. */
function lookAround({ source, target, seed, group = alone }: LoopOptions): Domains {
  return {
    async *samples(domain, count) {
      const { dataset, size, transform } = domain === "source" ? source : target;
      const loader = createLoader(dataset, {
        batch: 1,
        size,
        transform,
        seed: streamSeed(seed, "look around"),
        cacheBytes: 0,
        shard: group,
      });
      try {
        const all = Math.min(count, dataset.names.length);
        for (let i = group.rank; i < all; i += group.size) {
          const [sample] = (await loader.next()) as [Sample];
          yield domain === "source" ? sample : withoutLabel(sample);
        }
      } finally {
        loader.close();
      }
    },
  };
}

function withoutLabel({ label: _, ...sample }: Sample): Sample {
  return sample;
}
