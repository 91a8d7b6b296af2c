import { imagesOf } from "../datasets/batch.js";
import type { Dataset, Sample, Size } from "../datasets/dataset.js";
import { ordered } from "../datasets/loader.js";
import { UserError } from "../errors.js";
import { type Network, upsampleLogits } from "../network/index.js";
import { autocast, noGrad, type Precision, scope, type Tensor } from "../torch/index.js";
import { addToConfusion, type Confusion, createConfusion } from "./confusion.js";

export interface PredictOptions {
  readonly precision?: Precision;
  /** The coarse stage that the network was trained behind, where it restyles the target too. */
  readonly stage?: Stage | undefined;
}

/** What is done to an image before a network sees it. */
export type Stage = (sample: Sample) => Sample;

/** Probabilities [1, C, height, width] of the main head for one sample, at `output` size. */
export function probabilities(
  network: Network,
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
  network: Network,
  sample: Sample,
  output: Size,
  options?: PredictOptions,
): Uint8Array {
  return scope(
    () =>
      probabilities(network, sample, output, options)
        .argmax(1)
        .to({ dtype: "uint8" })
        .typed() as Uint8Array,
  );
}

export interface EvaluateOptions extends PredictOptions {
  /** What the network sees. */
  readonly size: Size;
  /** Where logits and labels meet; `size` when omitted. */
  readonly output?: Size;
  readonly onImage?: (done: number, total: number) => void;
}

/**
 * The confusion matrix of a network over a labelled data set.
 * @throws UserError if the set has no labels or its classes are not as many as the network's
 */
export async function evaluate(
  network: Network,
  dataset: Dataset,
  { size, output = size, onImage, ...options }: EvaluateOptions,
): Promise<Confusion> {
  if (!dataset.labelled) {
    throw new UserError(`${dataset.name} has no labels to evaluate against; name a labelled set`);
  }
  if (dataset.classes.names.length !== network.classes) {
    throw new UserError(
      `${dataset.name} has ${dataset.classes.names.length} classes but the network predicts ` +
        `${network.classes}; evaluate it on the classes it was trained for`,
    );
  }
  const confusion = createConfusion(network.classes);
  let done = 0;
  for await (const sample of ordered(dataset, output)) {
    const input = same(size, output) ? sample : await dataset.load(done, size);
    const prediction = predictLabels(network, input, output, options);
    addToConfusion(confusion, sample.label as Uint8Array, prediction);
    done++;
    onImage?.(done, dataset.names.length);
  }
  return confusion;
}

const same = (a: Size, b: Size) => a.width === b.width && a.height === b.height;
