import { setImmediate as turnOfEventLoop } from "node:timers/promises";
import { imagesOf, labelsOf } from "../datasets/batch.js";
import type { Dataset, Sample, Size } from "../datasets/dataset.js";
import { createLoader, type Transform } from "../datasets/loader.js";
import { type StreamName, streamSeed } from "../datasets/random-streams.js";
import type { Workers } from "../datasets/workers.js";
import { UserError } from "../errors.js";
import type { Domains, Method } from "../methods/method.js";
import { batchStatistics, type Network } from "../network/index.js";
import { rateFactor } from "../nn/index.js";
import {
  alone,
  dispose,
  isGpu,
  isIdle,
  type ProcessGroup,
  readScalars,
  scope,
} from "../torch/index.js";
import { averageScalars } from "./collectives.js";
import { labelWatch } from "./label-watch.js";
import { memoryWatch } from "./memory.js";

/** A domain to train on: images of one size, in batches. */
export interface Stream {
  readonly dataset: Dataset;
  readonly size: Size;
  readonly batch: number;
  /** Index of sample k; see LoaderOptions. */
  readonly order?: ((k: number) => number) | undefined;
  /** The transform of its samples: style, augmentation. */
  readonly transform?: Transform | undefined;
}

/** Options of `trainingSteps`. */
export interface LoopOptions {
  readonly network: Network;
  readonly method: Method;
  readonly source: Stream;
  readonly target: Stream;
  /** Labelled images of the target domain, for a method with `usesLabelledTarget`. */
  readonly labelledTarget?: Stream | undefined;
  /** Total number of steps. */
  readonly steps: number;
  /** Steps that a resumed run has already done. */
  readonly start?: number;
  readonly rate: number;
  /** Step at which the poly schedule reaches 0; the reference stops long before. Default `steps`. */
  readonly schedule?: number;
  /** Steps of linear warm-up. Default 0. */
  readonly warmup?: number | undefined;
  readonly seed: number;
  /** The processes that train together. Each trains on its own batches. */
  readonly group?: ProcessGroup | undefined;
  /** Threads that read labels. */
  readonly workers?: Workers | undefined;
  /** Receives warnings: slow data loading, memory that runs out. */
  readonly warn?: ((sentence: string) => void) | undefined;
}

/** The result of a step. */
export interface StepReport {
  /** Steps done, including this one. */
  readonly step: number;
  readonly rate: number;
  /** The method's headline loss, one of `scalars`. */
  readonly loss: number;
  /** Averaged over the ranks. */
  readonly scalars: Readonly<Record<string, number>>;
  readonly seconds: number;
  /** Seconds of these that were spent waiting for data. */
  readonly waiting: number;
}

/**
 * Trains, and yields after each step, so that the caller can evaluate, save checkpoints or stop between
 * steps. After a step all ranks have the same tensors; only their random states differ.
 * @throws UserError with the step and the loss if a loss is not finite
 */
export async function* trainingSteps(
  options: LoopOptions,
): AsyncGenerator<StepReport, void, undefined> {
  const { network, method, steps, start = 0, rate: base, seed } = options;
  const { schedule: total = steps, warmup, group = alone, workers, warn = () => {} } = options;
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
      workers,
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
      const found = scope(() => {
        const batches = {
          source: labelledBatch(labelled),
          ...(fewLabelled && { labelledTarget: labelledBatch(fewLabelled) }),
        };
        if (!method.usesTarget) return method.step(batches, progress);
        const images = imagesOf(unlabelled as Sample[], network.input, network.device);
        return method.step({ ...batches, target: { images } }, progress);
      });
      if (isGpu(network.device)) {
        do await turnOfEventLoop();
        while (!isIdle(network.device)); // the loaders read while the GPU computes
      }
      const own = readScalars(found);
      dispose(Object.values(found).filter((one) => typeof one !== "number" && !one.kept));
      const scalars = averageScalars(group, own); // NaN on any rank ends all ranks
      requireFinite(scalars, step, base);
      group.average(statistics); // every rank has other batches
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

function requireFinite(scalars: StepReport["scalars"], step: number, rate: number): void {
  for (const [name, value] of Object.entries(scalars)) {
    if (Number.isFinite(value)) continue;
    throw new UserError(
      "not-finite",
      `step ${step + 1}: the loss ${name} is ${value}: ` +
        `lower train.rate (it is ${rate}), or use float32 instead of bfloat16; if neither ` +
        "helps, look for broken images or labels with `cfcontra data check`",
    );
  }
}

/** Samples outside the training stream, in their own order. */
function lookAround({ source, target, seed, group = alone, workers }: LoopOptions): Domains {
  return {
    async *samples(domain, count) {
      const { dataset, size, transform } = domain === "source" ? source : target;
      const loader = createLoader(dataset, {
        batch: 1,
        size,
        transform,
        workers,
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
