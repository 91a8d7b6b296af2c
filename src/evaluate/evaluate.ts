import { imagesOf } from "../datasets/batch.js";
import type { Dataset, Sample, Size } from "../datasets/dataset.js";
import { ordered } from "../datasets/loader.js";
import { mirrored } from "../datasets/mirror.js";
import { UserError } from "../errors.js";
import { type Predictor, upsampleLogits } from "../network/index.js";
import { autocast, noGrad, type Precision, scope, type Tensor } from "../torch/index.js";
import { addToConfusion, type Confusion, createConfusion } from "./confusion.js";
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
      const views = inputs.flatMap((input) => {
        const straight = probabilities(network, input, output, options);
        if (!flip) return [straight];
        return [straight, probabilities(network, mirrored(input), output, options).flip(3)];
      });
      const sum = views.reduce((all, view) => all.addInPlace(view)); // in place, in the first
      return views.length === 1 ? sum : sum.divInPlace(views.length);
    }),
  );
}

/** What `evaluate` and `predictLabels` read of probabilities; arrays are [height * width]. */
interface Decision {
  readonly prediction: Uint8Array;
  /** Probability of the predicted class, if wanted. */
  readonly confidence?: Float32Array | undefined;
}

type DecisionOptions = PredictOptions & Pick<Views, "flip"> & { readonly confident?: boolean };

function wholePrediction(
  network: Predictor,
  inputs: readonly Sample[],
  output: Size,
  { confident = false, ...options }: DecisionOptions,
): Decision {
  return scope(() => {
    const p = averagedProbabilities(network, inputs, output, options);
    return {
      prediction: p.argmax(1).typed("uint8") as Uint8Array,
      confidence: confident ? (p.amax(1).typed("float32") as Float32Array) : undefined,
    };
  });
}

/** The most probable classes of the mean over the views of one image, none of them predicted as a whole. */
function tiledPrediction(
  network: Predictor,
  inputs: readonly Sample[],
  output: Size,
  { tile = output, flip = false, precision = "float32", stage, confident }: DecisionOptions,
): Decision {
  const prediction = new Uint8Array(output.width * output.height);
  const confidence = confident ? new Float32Array(prediction.length) : undefined;
  scope(() => {
    const logits = (sample: Sample) =>
      tiledLogits(network, stage ? stage(sample) : sample, tile, precision);
    const views = inputs.flatMap((input) =>
      flip ? [logits(input), logits(mirrored(input)).flip(3)] : [logits(input)],
    );
    inStrips(views, output, ({ top, probabilities: p }) => {
      prediction.set(p.argmax(1).typed("uint8") as Uint8Array, top * output.width);
      confidence?.set(p.amax(1).typed("float32") as Float32Array, top * output.width);
    });
  });
  return { prediction, confidence };
}

/** A labelled image and its prediction; arrays are [height * width]. */
export interface Observation extends Size {
  readonly label: Uint8Array;
  readonly prediction: Uint8Array;
  /** Probability of the predicted class. */
  readonly confidence: Float32Array;
}

/** Options of `evaluate`. */
export interface EvaluateOptions extends PredictOptions, Views {
  /** The size of the network's input. */
  readonly size: Size;
  /** The size at which predictions and labels are compared; `size` if omitted; "native" for the labels' own. */
  readonly output?: Size | "native";
  readonly onImage?: (done: number, total: number) => void;
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
  for await (const sample of ordered(dataset, output === "native" ? undefined : output)) {
    signal?.throwIfAborted();
    const index = done;
    const inputs = await Promise.all(
      sizes.map((view) => (same(view, sample) ? sample : dataset.load(index, view))),
    );
    const { width, height } = sample;
    const views = { flip, ...options };
    const confident = observe !== undefined;
    const { prediction, confidence } = options.tile
      ? tiledPrediction(network, inputs, sample, { ...views, confident })
      : wholePrediction(network, inputs, sample, { ...views, confident });
    const label = sample.label as Uint8Array;
    addToConfusion(confusion, label, prediction);
    if (confidence) observe?.({ width, height, label, prediction, confidence });
    done++;
    onImage?.(done, dataset.names.length);
  }
  return confusion;
}

const same = (a: Size, b: Size) => a.width === b.width && a.height === b.height;

const scaled = ({ width, height }: Size, scale: number): Size => ({
  width: Math.max(16, Math.round(width * scale)),
  height: Math.max(16, Math.round(height * scale)),
});
