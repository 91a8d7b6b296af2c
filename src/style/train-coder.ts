import { imagesOf } from "../datasets/batch.js";
import type { Dataset, Sample, Size } from "../datasets/dataset.js";
import { createLoader, type Loader } from "../datasets/loader.js";
import { randomFrom } from "../datasets/random.js";
import { UserError } from "../errors.js";
import { adam, type Optimizer } from "../nn/index.js";
import {
  autocast,
  dispose,
  mseLoss,
  type Precision,
  scope,
  type Tensor,
  type TensorMap,
} from "../torch/index.js";
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
  readonly seed: number;
  readonly onStep?: (done: number, total: number, detail: string) => void;
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

/**
 * Trains a coder in place: first all weights with gradients to reproduce the images of both domains, unless
 * `training.reproduce` is 0; then the decoder alone with the losses of AdaIN. Turns off the gradients of
 * the weights at the end.
 * @throws UserError if a loss is not finite
 */
export async function trainCoder(coder: Coder, options: TrainCoderOptions): Promise<void> {
  const { content, style, bothWays, training, precision, seed, onStep = () => {} } = options;
  const { reproduce, steps, batch, crop, rate, decay } = training;
  const { device } = coder;
  const total = reproduce + steps;
  const domains = [content, style].map(({ dataset, size }, i) =>
    createLoader(dataset, {
      ...{ batch, seed: seed + i, size: training.size ? sizeOf(training.size) : size },
      transform: async (sample, k) => cutOut(sample, crop, randomFrom(seed + i, k)),
    }),
  ) as [Loader, Loader];
  const images = async (loader: Loader) => {
    const samples = await loader.next();
    return () => imagesOf(samples, PIXELS, device);
  };
  const learn = (name: string, loss: Tensor, optimizer: Optimizer, step: number, done: number) => {
    const value = loss.item();
    if (!Number.isFinite(value)) {
      throw new UserError(
        "not-finite",
        `the coder's ${name} loss is ${value} at step ${done + 1}; lower style.training.rate`,
      );
    }
    loss.backward();
    optimizer.step(rate / (1 + decay * step));
    onStep(done + 1, total, `${name} loss ${value.toFixed(4)}`);
  };
  try {
    if (reproduce > 0) {
      const learning = new Map(
        [...coder.parameters.all].filter(([, { requiresGrad }]) => requiresGrad),
      );
      const optimizer = adam(learning);
      for (let step = 0; step < reproduce; step++) {
        const batches = [await images(domains[0]), await images(domains[1])];
        scope(() => {
          const losses = batches.map((make) => {
            const truth = make();
            const level = coder.kind === "vgg" ? levelAt(step / reproduce) : DEEPEST;
            const made = autocast(precision, () => echo(coder, truth, level), device);
            return mseLoss(made.to({ dtype: "float32" }), truth);
          });
          const loss = (losses[0] as Tensor).add(losses[1] as Tensor).div(2);
          learn("reproduction", loss, optimizer, step, step);
        });
      }
      dispose(optimizer.state);
    }
    frozen(coder);
    const decoder: TensorMap = new Map();
    for (const [name, parameter] of coder.parameters.all) {
      if (name.startsWith("decoder.")) decoder.set(name, parameter);
    }
    for (const parameter of decoder.values()) parameter.requiresGrad = true;
    const optimizer = adam(decoder);
    for (let step = 0; step < steps; step++) {
      const batches = [await images(domains[0]), await images(domains[1])] as const;
      const [from, to] = bothWays && step % 2 === 1 ? [batches[1], batches[0]] : batches;
      scope(() => {
        const content = from();
        const parts = autocast(precision, () => adainLosses(coder, content, to()), device);
        let loss = parts.content.mul(training.content).add(parts.style.mul(training.style));
        if (training.identity > 0) {
          const made = autocast(precision, () => echo(coder, content, DEEPEST), device);
          const identity = mseLoss(made.to({ dtype: "float32" }), content);
          loss = loss.add(identity.mul(training.identity));
        }
        learn("style", loss, optimizer, step, reproduce + step);
      });
    }
    dispose(optimizer.state);
    frozen(coder);
  } finally {
    for (const domain of domains) domain.close();
  }
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
