import { type Init, type Layer, type Parameters, zerosInit } from "../nn/index.js";
import { addColumns, cat, conv2d, scope, type Tensor } from "../torch/index.js";

/** Dilations of the published branches, by index. */
export const RATES: readonly number[] = [6, 12, 18, 24];
const KERNEL = 3;
const TAPS = KERNEL ** 2;

/**
 * Chen et al. 2017: the sum of dilated 3x3 convolutions, features [N, D, h, w] -> logits float32
 * [N, classes, h, w].
 *
 * Convolution kernels are slow for few outputs of many inputs, especially at dilation 24. So one matrix
 * product computes the contribution of every feature through every tap of every branch, and `addColumns`
 * adds them up at the positions of the taps: the same sums, several times as fast in training.
 */
export function atrousPyramid(
  p: Parameters,
  inputs: number,
  classes: number,
  init: Init,
  rates: readonly number[] = RATES,
): Layer {
  const branches = rates.map((rate, i) => {
    const at = p.sub("conv2d_list").sub(i);
    return {
      rate,
      weight: at.parameter("weight", [classes, inputs, KERNEL, KERNEL], init),
      bias: at.parameter("bias", [classes], zerosInit),
    };
  });
  /** The taps of all branches as rows of one 1x1 kernel, flipped: a tap that reads below adds above. */
  const kernel = () =>
    scope(() =>
      cat(
        branches.map(({ weight }) =>
          weight
            .flip(2, 3)
            .permute(0, 2, 3, 1)
            .reshape(classes * TAPS, inputs, 1, 1),
        ),
      ),
    );
  /** As published, in operators that can be exported. */
  const convolutions = (x: Tensor) =>
    branches
      .map(({ rate, weight, bias }) => conv2d(x, weight, bias, { padding: rate, dilation: rate }))
      .reduce((sum, part) => sum.addInPlace(part))
      .to({ dtype: "float32" });
  const product = (x: Tensor) =>
    scope(() => {
      const [n, , h, w] = x.shape as [number, number, number, number];
      const sent = conv2d(x, kernel(), null).to({ dtype: "float32" });
      const columns = sent.reshape(n, rates.length, classes * TAPS, h * w);
      const bias = branches.map(({ bias }) => bias).reduce((sum, part) => sum.add(part));
      return branches
        .map(({ rate }, i) =>
          addColumns(columns.select(1, i), [h, w], { kernel: KERNEL, dilation: rate }),
        )
        .reduce((sum, part) => sum.addInPlace(part))
        .addInPlace(bias.reshape(1, classes, 1, 1));
    });
  return (x, training) => (training ? product(x) : convolutions(x));
}
