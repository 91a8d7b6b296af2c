import { classMeans, labelsAt, normalizeRows } from "../../contrast/index.js";
import { imagesOf } from "../../datasets/batch.js";
import { readImage } from "../../datasets/files/images.js";
import { autocast, noGrad, scope, type Tensor } from "../../torch/index.js";
import type { Trained } from "../open-checkpoint.js";
import { pictureHash } from "./picture-hash.js";
import type { Description } from "./rank.js";

/** Share of the pixels from which on a class counts as predicted. */
const PRESENT = 0.001;

/**
 * Describes an image file as the network sees it.
 * @param prototypes the source bank [C, D] of the run, if it has one
 * @throws UserError if the image cannot be read
 */
export async function describe(
  { network, config, stage }: Trained,
  path: string,
  prototypes: Tensor | undefined,
): Promise<Description> {
  const { data, width, height } = await readImage(path, config.sizes.evaluate);
  const sample = { name: path, width, height, image: data };
  const hash = pictureHash(data, sample);
  return noGrad(() =>
    scope(() => {
      const images = imagesOf([stage ? stage(sample) : sample], network.input, network.device);
      const precise = <T>(work: () => T) => autocast(config.train.precision, work, network.device);
      const { main, features } = precise(() => network.forward(images, false));
      const probabilities = main.softmax(1); // [1, C, h, w]
      const surprise = probabilities.mul(probabilities.clampMin(1e-12).log()).sum(1).mean().item();
      const mean = features.to({ dtype: "float32" }).mean([2, 3]); // [1, D]
      const novelty = (bank: Tensor) =>
        noveltyOf(
          precise(() => network.project(features, false)),
          main.argmax(1),
          bank,
        );
      return {
        entropy: -surprise / Math.log(Math.max(2, network.classes)),
        novelty: prototypes && novelty(prototypes),
        feature: normalizeRows(mean).typed("float32") as Float32Array,
        hash,
      };
    }),
  );
}

/** See `Description.novelty`: features [1, D, h, w] in the prototypes' space, predicted classes [1, H, W]. */
function noveltyOf(features: Tensor, predicted: Tensor, prototypes: Tensor): number {
  const [classes, height, width] = [prototypes.size(0), features.size(2), features.size(3)];
  const { means, counts } = classMeans(features, labelsAt(predicted, height, width), classes);
  const cosines = normalizeRows(means).mul(prototypes).sum(1).numbers();
  const shares = counts.numbers().map((pixels) => pixels / (height * width));
  const seen = prototypes.norm(1).numbers();
  const distances = cosines.flatMap((cosine, k) =>
    (shares[k] as number) < PRESENT || seen[k] === 0 ? [] : [1 - cosine],
  );
  return distances.reduce((sum, distance) => sum + distance, 0) / Math.max(1, distances.length);
}
