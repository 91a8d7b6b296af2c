import { IGNORE } from "../datasets/dataset.js";
import {
  dispose,
  keep,
  noGrad,
  type ProcessGroup,
  scope,
  type Tensor,
  zeros,
} from "../torch/index.js";
import { classMeans } from "./class-means.js";

/** Accumulates the first prototypes, image by image. */
export interface PrototypeAverage {
  /** Adds the class means of features [N, D, h, w] under labels int64 [N, h, w], image by image. */
  add(features: Tensor, labels: Tensor): void;
  /** Adds what the other ranks have accumulated. */
  pool(group: ProcessGroup): void;
  /** Per class the mean of the images' means, [C, D]; 0 for a class that no image has. */
  means(): Tensor;
  dispose(): void;
}

/** arXiv 2103.12371, first prototypes: the mean over images of the mean over a class's pixels. */
export function prototypeAverage(
  classes: number,
  featureSize: number,
  device = "cpu",
): PrototypeAverage {
  const sums = keep(zeros([classes, featureSize], { device }));
  const images = keep(zeros([classes], { device }));
  return {
    add(features, labels) {
      noGrad(() =>
        scope(() => {
          for (let n = 0; n < features.size(0); n++) {
            const { means, counts } = classMeans(
              features.slice(0, n, n + 1),
              labels.slice(0, n, n + 1),
              classes,
            );
            sums.addInPlace(means);
            images.addInPlace(counts.gt(0).to({ dtype: "float32" }));
          }
        }),
      );
    },
    pool: (group) => group.sum([sums, images]),
    means: () => scope(() => sums.div(images.clampMin(1).unsqueeze(1))),
    dispose: () => dispose([sums, images]),
  };
}

/** Labels [N, H, W] with IGNORE where the prediction (int64, same shape) differs from them. */
export function agreeing(labels: Tensor, prediction: Tensor): Tensor {
  return scope(() => labels.maskedFill(labels.eq(prediction).not(), IGNORE));
}
