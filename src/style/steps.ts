import { conv2d, type Init, type Parameters } from "../nn/index.js";
import { scope, type Tensor, upsampleNearest } from "../torch/index.js";
import { reflect } from "./reflect.js";

/** Smaller sides cannot be reflected at 1/8 of the resolution, the deepest level of a coder. */
export const LEAST_SIDE = 16;

/** The layers between two levels. */
export type Step = (x: Tensor) => Tensor;

export const relu: Step = (x) => x.reluInPlace();
/** Nearest upsampling to twice the resolution. */
export const double: Step = (x) => upsampleNearest(x, 2 * x.size(2), 2 * x.size(3));

/** A 3x3 convolution with reflection padding. */
export function convolve(
  p: Parameters,
  inputs: number,
  outputs: number,
  init: Init | undefined,
): Step[] {
  const convolution = conv2d(p, inputs, outputs, 3, init ? { init } : {});
  return [reflect, (x) => convolution(x, false)];
}

/** Runs steps in sequence. Frees intermediate results at once, unless a graph needs them. */
export function chain(steps: readonly Step[]): Step {
  return (x) =>
    steps.reduce((at, step) => {
      const next = scope(() => step(at));
      if (at !== x && next !== at) at.dispose();
      return next;
    }, x);
}
