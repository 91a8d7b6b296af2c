import type { Tensor } from "../torch/index.js";
import { channelsLast } from "./channels-last.js";

/** A layer on a split grid: on one split by `spread`, a dilation d is d / spread. */
export interface GridLayer {
  /** By which its convolution is dilated where the grid is whole. */
  readonly dilation: number;
  forward(x: Tensor, training: boolean, spread: number): Tensor;
}

/**
 * One layer after the other. In training, a map is taken apart into the grids that a dilated convolution
 * does not mix, [N, C, H, W] -> [N d^2, C, H / d, W / d], where d divides its sides: convolutions without
 * dilation compute the same, and all other layers look at pixels one by one or at all of them. On the CPU,
 * oneDNN has no fast gradient of dilated depthwise convolutions.
 */
export function throughSplitGrids(
  layers: readonly GridLayer[],
  input: Tensor,
  training: boolean,
): Tensor {
  const factors: number[] = [];
  let x = input;
  let spread = 1;
  for (const { dilation, forward } of layers) {
    const factor = dilation / spread;
    if (training && factor > 1 && divides(factor, x)) {
      x = split(x, factor);
      factors.push(factor);
      spread = dilation;
    }
    x = forward(x, training, spread);
  }
  return factors.reduceRight(joined, x);
}

const divides = (factor: number, x: Tensor) => [2, 3].every((dim) => x.size(dim) % factor === 0);

/** [N, C, H, W] -> [N f^2, C, H / f, W / f]: every f-th pixel of every f-th row, from each of the f^2 starts. */
function split(x: Tensor, factor: number): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const [height, width] = [h / factor, w / factor];
  const grids = x
    .reshape(n, c, height, factor, width, factor)
    .permute(0, 3, 5, 1, 2, 4)
    .reshape(n * factor ** 2, c, height, width);
  return channelsLast(grids);
}

/** Undoes `split`. */
function joined(x: Tensor, factor: number): Tensor {
  const [n, c, h, w] = x.shape as [number, number, number, number];
  const whole = x
    .reshape(n / factor ** 2, factor, factor, c, h, w)
    .permute(0, 3, 4, 1, 5, 2)
    .reshape(n / factor ** 2, c, h * factor, w * factor);
  return channelsLast(whole);
}
