import { imagesOf } from "../datasets/batch.js";
import type { Dataset, Sample, Size } from "../datasets/dataset.js";
import { createLoader, type Loader } from "../datasets/loader.js";
import { randomFrom } from "../datasets/random.js";
import { UserError } from "../errors.js";
import { adam } from "../nn/index.js";
import { autocast, dispose, mseLoss, type Precision, scope, type Tensor } from "../torch/index.js";
import { adainLosses } from "./adain.js";
import { type Coder, createCoder, frozen } from "./coder.js";
import { centerPixels, passingInit, startFromGrey } from "./coder-init.js";
import type { CoderTraining } from "./coder-training.js";
import { createMobilenetCoder, type MobilenetCoderOptions } from "./mobilenet-coder.js";

/** A domain to train a coder on. */
export interface CoderDomain {
  readonly dataset: Dataset;
  readonly size: Size;
}

/** Data and settings of `trainCoder`. */
export interface TrainCoderOptions {
  readonly content: CoderDomain;
  readonly style: CoderDomain;
  /** Also learn to give style images the look of content images. */
  readonly bothWays: boolean;
  readonly training: CoderTraining;
  readonly precision: Precision;
  /** Of the crops of content and of style images. */
  readonly seeds: readonly [number, number];
  readonly onStep?: (done: number, total: number, detail: string) => void;
  /** Ends the training with an error when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** An untrained coder with the initial weights for `trainCoder`. */
export function freshCoder(width: number, device = "cpu"): Coder {
  const coder = createCoder(width, device, (tensor) => scope(() => passingInit(tensor)));
  scope(() => centerPixels(coder));
  return coder;
}

/** A coder of `createMobilenetCoder` whose decoder has initial weights for `trainCoder`. */
export function freshMobilenetCoder(options: Omit<MobilenetCoderOptions, "init">): Coder {
  const coder = createMobilenetCoder({
    ...options,
    init: (tensor) => scope(() => passingInit(tensor)),
  });
  scope(() => startFromGrey(coder, "decoder.0.1"));
  return coder;
}

const stoppedAt = (done: number, total: number) =>
  new UserError(
    "stopped",
    `stopped after step ${done} of ${total} of the coder's training, which is not saved`,
  );

/**
 * Trains a coder in place: first all weights with gradients to reproduce the images of both domains, unless
 * `training.reproduce` is 0; then the decoder alone with the losses of AdaIN. Turns off the gradients of
 * the weights at the end.
 * @throws UserError if a loss is not finite, and when `signal` aborts
 */
export async function trainCoder(coder: Coder, options: TrainCoderOptions): Promise<void> {
  const {
    content,
    style,
    bothWays,
    training,
    precision,
    seeds,
    signal,
    onStep = () => {},
  } = options;
  const { reproduce, steps, batch, crop, rate, decay } = training;
  const { device } = coder;
  const domains = [content, style].map(({ dataset, size }, i) =>
    createLoader(dataset, {
      ...{ batch, seed: seeds[i] as number, size: training.size ? sizeOf(training.size) : size },
      transform: async (sample, k) => cutOut(sample, crop, randomFrom(seeds[i] as number, k)),
    }),
  ) as [Loader, Loader];
  let done = 0;

  /** Trains the coder's parameters with gradients for `count` steps on the loss of content and style images. */
  async function learn(name: string, count: number, lossOf: LossOf): Promise<void> {
    const trained = [...coder.parameters.all].filter(([, { requiresGrad }]) => requiresGrad);
    const optimizer = adam(new Map(trained));
    try {
      for (let step = 0; step < count; step++) {
        if (signal?.aborted) throw stoppedAt(done, reproduce + steps);
        const samples = [await domains[0].next(), await domains[1].next()] as const;
        scope(() => {
          const [from, to] = samples.map((some) => imagesOf(some, PIXELS, device));
          const loss = lossOf(from as Tensor, to as Tensor, step);
          const value = requireFinite(loss.item(), name, done);
          loss.backward();
          optimizer.step(rate / (1 + decay * step));
          done++;
          onStep(done, reproduce + steps, `${name} loss ${value.toFixed(4)}`);
        });
      }
    } finally {
      dispose(optimizer.state);
    }
  }

  /** The error of images that are encoded to a level and decoded. */
  const reproduction = (images: Tensor, level: number): Tensor => {
    const made = autocast(precision, () => echo(coder, images, level), device);
    return mseLoss(made.to({ dtype: "float32" }), images);
  };
  const levelIn = (step: number) => (coder.kind === "vgg" ? levelAt(step / reproduce) : DEEPEST);
  try {
    await learn("reproduction", reproduce, (from, to, step) => {
      const level = levelIn(step);
      return reproduction(from, level).add(reproduction(to, level)).div(2);
    });
    frozen(coder);
    for (const [name, parameter] of coder.parameters.all) {
      parameter.requiresGrad = name.startsWith("decoder.");
    }
    await learn("style", steps, (from, to, step) => {
      const [seen, look] = bothWays && step % 2 === 1 ? [to, from] : [from, to];
      const parts = autocast(precision, () => adainLosses(coder, seen, look), device);
      const loss = parts.content.mul(training.content).add(parts.style.mul(training.style));
      if (training.identity === 0) return loss;
      return loss.add(reproduction(seen, DEEPEST).mul(training.identity));
    });
    frozen(coder);
  } finally {
    for (const domain of domains) domain.close();
  }
}

/** A loss of content and style images [N, 3, H, W] in a step. */
type LossOf = (content: Tensor, style: Tensor, step: number) => Tensor;

/** @throws UserError if a loss is not finite */
function requireFinite(loss: number, name: string, done: number): number {
  if (Number.isFinite(loss)) return loss;
  throw new UserError(
    "not-finite",
    `the coder's ${name} loss is ${loss} at step ${done + 1}; lower style.training.rate`,
  );
}

const PIXELS = { order: "rgb", mean: [0, 0, 0], scale: 1 / 255 } as const;
const sizeOf = ([width, height]: readonly [number, number]): Size => ({ width, height });

/** Encodes images to a level and decodes them. */
function echo({ down, up }: Coder, images: Tensor, deepest: number): Tensor {
  const features = down.slice(0, deepest + 1).reduce((x, step) => step(x), images);
  return up.slice(0, deepest + 1).reduceRight((x, step) => step(x), features);
}

const DEEPEST = 3;
/** The shallow levels of an encoder learn first, so that deeper ones start from useful features. */
const levelAt = (progress: number) => (progress < 0.15 ? 1 : progress < 0.4 ? 2 : DEEPEST);

/** A random square crop of side `most`, or less if the image is smaller. */
function cutOut(sample: Sample, most: number, random: ReturnType<typeof randomFrom>): Sample {
  const { name, width, height, image } = sample;
  const side = Math.min(most, width, height);
  const left = random.below(width - side + 1);
  const top = random.below(height - side + 1);
  const part = new Uint8Array(side * side * 3);
  for (let y = 0; y < side; y++) {
    const from = ((top + y) * width + left) * 3;
    part.set(image.subarray(from, from + side * 3), y * side * 3);
  }
  return { name, width: side, height: side, image: part };
}
