import { noGrad, rand, scope, type Tensor, upload } from "../../torch/index.js";

// Random augmentation of batches that only exist as tensors, such as mixtures of domains. Images from files
// are augmented as bytes, before normalisation: datasets/augment.ts.

/**
 * Randomly changes contrast and brightness of each channel of normalised images [N, 3, H, W]:
 * `x (1 + a) + b s`, where `s` is the channel's standard deviation, and `a` and `b` are drawn from
 * [-most, most] per image and channel, from libtorch's generator.
 */
export function jitterChannels(images: Tensor, most: number): Tensor {
  if (most === 0) return images;
  return noGrad(() =>
    scope(() => {
      const shape = [images.size(0), 3, 1, 1];
      const change = () => upload(rand(shape), images.device).mul(2).sub(1).mul(most);
      const deviation = images.variance([2, 3], 0, true).sqrt();
      return images.mul(change().add(1)).add(change().mul(deviation));
    }),
  );
}
