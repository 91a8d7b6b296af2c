import { imagesOf } from "../datasets/batch.js";
import type { Dataset, Sample, Size } from "../datasets/dataset.js";
import { ordered } from "../datasets/loader.js";
import { mirrored } from "../datasets/mirror.js";
import type { Workers } from "../datasets/workers.js";
import { entropyMap } from "../entropy/index.js";
import { UserError } from "../errors.js";
import { type Predictor, upsampleLogits } from "../network/index.js";
import { autocast, noGrad, type Precision, scope, type Tensor } from "../torch/index.js";
import { addCounts, addToConfusion, type Confusion, createConfusion } from "./confusion.js";
import { inStrips, tiledLogits } from "./tiled.js";

/** How a network predicts. */
export interface PredictOptions {
  readonly precision?: Precision;
  /** The coarse stage of the training, if it restyles the target, too. */
  readonly stage?: Stage | undefined;
  /** Predicts images in overlapping tiles of this size, in pixels of the network's input; see `tilesOf`. */
  readonly tile?: Size | undefined;
}

/** A transformation of images before the network. */
export type Stage = (sample: Sample) => Sample;

/** Probabilities [1, C, height, width] of the main head for one sample, at `output` size. */
export function probabilities(
  network: Predictor,
  sample: Sample,
  output: Size,
  { precision = "float32", stage }: PredictOptions = {},
): Tensor {
  return noGrad(() =>
    scope(() => {
      const images = imagesOf([stage ? stage(sample) : sample], network.input, network.device);
      const { main } = autocast(precision, () => network.forward(images, false), network.device);
      return upsampleLogits(main, output.height, output.width).softmax(1);
    }),
  );
}

/** The most probable class of every pixel: train ids [height * width] at `output` size. */
export function predictLabels(
  network: Predictor,
  sample: Sample,
  output: Size,
  options: PredictOptions = {},
): Uint8Array {
  if (options.tile) return tiledPrediction(network, [sample], output, options).prediction;
  return scope(
    () =>
      probabilities(network, sample, output, options)
        .argmax(1)
        .to({ dtype: "uint8" })
        .typed() as Uint8Array,
  );
}

/** The views of an image whose probabilities are averaged. */
export interface Views {
  /** Multiples of the network's input size; [1] if omitted. */
  readonly scales?: readonly number[];
  /** Also uses the horizontally flipped image of each scale. */
  readonly flip?: boolean;
}

/**
 * Probabilities [1, C, height, width] at `output` size: the mean over the views of one image.
 * @param inputs the image at each scale
 */
export function averagedProbabilities(
  network: Predictor,
  inputs: readonly Sample[],
  output: Size,
  { flip = false, ...options }: PredictOptions & Pick<Views, "flip"> = {},
): Tensor {
  return noGrad(() =>
    scope(() => {
      const views = inputs.flatMap((input) => [
        () => probabilities(network, input, output, options),
        ...(flip ? [() => probabilities(network, mirrored(input), output, options).flip(3)] : []),
      ]);
      const [first, ...others] = views as [() => Tensor, ...(() => Tensor)[]];
      const sum = first();
      // One view at a time is in memory beside the sum.
      for (const view of others) scope(() => void sum.addInPlace(view()));
      return others.length === 0 ? sum : sum.divInPlace(views.length);
    }),
  );
}

/** What `evaluate` and `predictLabels` read of probabilities. */
interface Decision extends Pick<Observation, "prediction"> {
  /** At least if `observed`. */
  readonly seen?: Pick<Observation, "confidence" | "entropy" | "entropyMap"> | undefined;
}

type DecisionOptions = PredictOptions & Pick<Views, "flip"> & { readonly observed?: boolean };

/** The most probable classes of the mean over the views of one image. `entropyMap` ends with the caller's scope. */
function wholePrediction(
  network: Predictor,
  inputs: readonly Sample[],
  output: Size,
  { observed = false, ...options }: DecisionOptions,
): Decision {
  const p = averagedProbabilities(network, inputs, output, options);
  const prediction = p.argmax(1).typed("uint8") as Uint8Array;
  if (!observed) return { prediction };
  const sampled = p.slice(2, 0, output.height, SAMPLED).slice(3, 0, output.width, SAMPLED);
  const seen = {
    confidence: p.amax(1).typed("float32") as Float32Array,
    entropy: entropyMap(sampled).mean().item(),
    entropyMap: () => entropyGrey(entropyMap(p)),
  };
  return { prediction, seen };
}

/** The most probable classes of the mean over the views of one image, none of them predicted as a whole. */
function tiledPrediction(
  network: Predictor,
  inputs: readonly Sample[],
  output: Size,
  { tile = output, flip = false, precision = "float32", stage, observed }: DecisionOptions,
): Decision {
  const pixels = output.width * output.height;
  const prediction = new Uint8Array(pixels);
  const confidence = new Float32Array(observed ? pixels : 0);
  const grey = new Uint8Array(confidence.length);
  let entropy = 0;
  scope(() => {
    const logits = (sample: Sample) =>
      tiledLogits(network, stage ? stage(sample) : sample, tile, precision);
    const views = inputs.flatMap((input) =>
      flip ? [logits(input), logits(mirrored(input)).flip(3)] : [logits(input)],
    );
    inStrips(views, output, ({ top, probabilities: p }) => {
      const at = top * output.width;
      prediction.set(p.argmax(1).typed("uint8") as Uint8Array, at);
      if (!observed) return;
      confidence.set(p.amax(1).typed("float32") as Float32Array, at);
      const map = entropyMap(p);
      grey.set(entropyGrey(map), at);
      entropy += map.sum().item() / pixels;
    });
  });
  return { prediction, seen: { confidence, entropy, entropyMap: () => grey } };
}

/** A labelled image and its prediction; arrays are [height * width]. */
export interface Observation extends Size {
  /** Of the image in the data set. */
  readonly index: number;
  readonly label: Uint8Array;
  readonly prediction: Uint8Array;
  /** Probability of the predicted class. */
  readonly confidence: Float32Array;
  /** Of this image only. */
  readonly confusion: Confusion;
  /** Mean normalised entropy. */
  readonly entropy: number;
  /** Normalised entropy as 0..255; only while `observe` runs. */
  entropyMap(): Uint8Array;
}

/** Mean entropies are over every second pixel of every second row, except with tiles: all pixels would cost 3 % of an evaluation. */
const SAMPLED = 2;

/** Options of `evaluate`. */
export interface EvaluateOptions extends PredictOptions, Views {
  /** The size of the network's input. */
  readonly size: Size;
  /** The size at which predictions and labels are compared; `size` if omitted; "native" for the labels' own. */
  readonly output?: Size | "native";
  readonly onImage?: (done: number, total: number) => void;
  /** Threads that read labels. */
  readonly workers?: Workers | undefined;
  /** If aborted, `evaluate` rejects with the signal's reason before the next image. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every image, for scores that need more than the confusion matrix. */
  readonly observe?: (observation: Observation) => void;
}

/**
 * The confusion matrix of a network over a labelled data set.
 * @throws UserError if the set has no labels, or another number of classes than the network
 */
export async function evaluate(
  network: Predictor,
  dataset: Dataset,
  {
    size,
    output = size,
    scales = [1],
    flip = false,
    onImage,
    observe,
    signal,
    workers,
    ...options
  }: EvaluateOptions,
): Promise<Confusion> {
  if (!dataset.labelled) {
    throw new UserError(
      "no-labels",
      `${dataset.name} has no labels: choose a labelled data set to evaluate on`,
    );
  }
  if (dataset.classes.names.length !== network.classes) {
    throw new UserError(
      "class-mismatch",
      `${dataset.name} has ${dataset.classes.names.length} classes, but the network predicts ` +
        `${network.classes}: evaluate on the classes of the training`,
    );
  }
  const confusion = createConfusion(network.classes);
  const sizes = scales.map((scale) => scaled(size, scale));
  let done = 0;
  const at = output === "native" ? undefined : output;
  for await (const sample of ordered(dataset, at, { workers })) {
    signal?.throwIfAborted();
    const index = done;
    const inputs = await Promise.all(
      sizes.map((view) => (same(view, sample) ? sample : dataset.load(index, view))),
    );
    const { width, height } = sample;
    const label = sample.label as Uint8Array;
    scope(() => {
      const views = { flip, observed: observe !== undefined, ...options };
      const predicted = options.tile ? tiledPrediction : wholePrediction;
      const { prediction, seen } = predicted(network, inputs, sample, views);
      const own = createConfusion(network.classes);
      addToConfusion(own, label, prediction);
      addCounts(confusion, own);
      if (seen) observe?.({ index, width, height, label, prediction, confusion: own, ...seen });
    });
    done++;
    onImage?.(done, dataset.names.length);
  }
  return confusion;
}

/** Normalised entropy [1, height, width] as 0..255. */
export const entropyGrey = (entropy: Tensor): Uint8Array =>
  entropy.clamp(0, 1).mul(255).typed("uint8") as Uint8Array;

const same = (a: Size, b: Size) => a.width === b.width && a.height === b.height;

const scaled = ({ width, height }: Size, scale: number): Size => ({
  width: Math.max(16, Math.round(width * scale)),
  height: Math.max(16, Math.round(height * scale)),
});
