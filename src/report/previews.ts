import { join } from "node:path";
import { spread } from "../datasets/check.js";
import { colorize } from "../datasets/colorize.js";
import type { ClassSet, Dataset, Sample, Size } from "../datasets/dataset.js";
import { entropyMap } from "../entropy/index.js";
import { type PredictOptions, probabilities } from "../evaluate/index.js";
import type { Network } from "../network/index.js";
import { scope } from "../torch/index.js";
import { stepName } from "../train/step-name.js";
import { writeAtomically } from "../write-atomically.js";
import { greyPng, jpeg, rgbPng } from "./pictures.js";

/** Pictures of the same few images, snapshot by snapshot: `previews/<set>/<NNN>/`. */
export interface Previews {
  /**
   * Predicts them after `step` steps: classes in colours, entropy in grey. Returns the PNG files of the
   * classes.
   */
  snapshot(step: number, network: Network, options?: PredictOptions): Promise<Buffer[]>;
}

const SHOWN = 12;

/** Writes name, image and, if there are labels, truth of images spread over a set. */
export async function openPreviews(
  folder: string,
  dataset: Dataset,
  size: Size,
): Promise<Previews> {
  const { classes } = dataset;
  const indices = spread(dataset.names.length, SHOWN);
  const samples = await Promise.all(indices.map((index) => dataset.load(index, size)));
  const place = (i: number, file: string) => join(folder, String(i).padStart(3, "0"), file);
  for (const [i, { name, image, label }] of samples.entries()) {
    writeAtomically(place(i, "name.txt"), `${name}\n`);
    writeAtomically(place(i, "input.jpg"), await jpeg(image, size));
    if (label) writeAtomically(place(i, "truth.png"), await classPng(label, classes, size));
  }
  return {
    async snapshot(step, network, options) {
      const stem = stepName(step);
      const predictions: Buffer[] = [];
      for (const [i, sample] of samples.entries()) {
        const { label, entropy } = predictWithEntropy(network, sample, options);
        const colors = await classPng(label, classes, size);
        writeAtomically(place(i, `${stem}-prediction.png`), colors);
        writeAtomically(place(i, `${stem}-entropy.png`), await greyPng(entropy, size));
        predictions.push(colors);
      }
      return predictions;
    },
  };
}

/** Train ids, and the normalised entropy as 0..255, both [height * width], at the sample's size. */
function predictWithEntropy(
  network: Network,
  sample: Sample,
  options?: PredictOptions,
): { label: Uint8Array; entropy: Uint8Array } {
  return scope(() => {
    const probability = probabilities(network, sample, sample, options);
    return {
      label: probability.argmax(1).typed("uint8") as Uint8Array,
      entropy: entropyMap(probability).clamp(0, 1).mul(255).typed("uint8") as Uint8Array,
    };
  });
}

const classPng = (label: Uint8Array, classes: ClassSet, size: Size): Promise<Buffer> =>
  rgbPng(colorize(label, classes), size);
