import { noGrad, rand, scope, type Tensor } from "../../torch/index.js";

// Random changes of batches that only exist as tensors, such as mixtures of domains. Images from files
// are changed as bytes, before they are normalised: datasets/augment.ts.

/**
 * Normalised images [N, 3, H, W] with contrast and brightness of each channel changed at random:
 * `x (1 + a) + b s`, where `s` is the channel's standard deviation, and `a` and `b` are drawn from
 * [-most, most] per image and channel, from libtorch's generator.
 */
export function jitterChannels(images: Tensor, most: number): Tensor {
  if (most === 0) return images;
  return noGrad(() =>
    scope(() => {
      const shape = [images.size(0), 3, 1, 1];
      const change = () => rand(shape).to({ device: images.device }).mul(2).sub(1).mul(most);
      const deviation = images.variance([2, 3], 0, true).sqrt();
      return images.mul(change().add(1)).add(change().mul(deviation));
    }),
  );
}
