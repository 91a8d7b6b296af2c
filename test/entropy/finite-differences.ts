import { type Tensor, tensor } from "../../src/torch/index.js";
import { relativeError } from "../golden/relative-error.js";

/** Numbers in -2..2 that depend on `seed`, float64. */
export function logits(shape: readonly number[], seed = 1): Tensor {
  const count = shape.reduce((product, size) => product * size, 1);
  const values = Float64Array.from({ length: count }, (_, i) => 2 * Math.sin(seed * 7 + i * i));
  return tensor(values, shape);
}

/** Relative error of the gradient of a scalar function of x (float64) against central differences. */
export function gradientError(loss: (x: Tensor) => Tensor, x: Tensor, step = 1e-5): number {
  const { shape } = x;
  const values = Float64Array.from(x.numbers());
  const leaf = tensor(values.slice(), shape);
  leaf.requiresGrad = true;
  loss(leaf).backward();
  const at = (index: number, change: number) => {
    const moved = values.slice();
    moved[index] = (moved[index] as number) + change;
    return loss(tensor(moved, shape)).item();
  };
  const expected = values.map((_, i) => (at(i, step) - at(i, -step)) / (2 * step));
  return relativeError(leaf.grad as Tensor, expected);
}
