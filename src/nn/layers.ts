import type { ConvOptions, Tensor } from "../torch/index.js";
import * as torch from "../torch/index.js";
import { heInit, type Init, onesInit, type Parameters, zerosInit } from "./parameters.js";

/** [N, C, H, W] -> [N, C', H', W']. With `training`, layers normalise by the batch's statistics. */
export type Layer = (x: Tensor, training: boolean) => Tensor;

/** Options of `conv2d`. Default: with a bias, and `heInit`. */
export interface Conv2dOptions extends ConvOptions {
  readonly bias?: boolean;
  readonly init?: Init;
}

/** A convolution with a square kernel: `weight` [out, in / groups, kernel, kernel], `bias` [out]. */
export function conv2d(
  p: Parameters,
  inputs: number,
  outputs: number,
  kernel: number,
  { bias = true, init = heInit, ...options }: Conv2dOptions = {},
): Layer {
  const shape = [outputs, inputs / (options.groups ?? 1), kernel, kernel];
  const weight = p.parameter("weight", shape, init);
  const offset = bias ? p.parameter("bias", [outputs], zerosInit) : null;
  return (x) => torch.conv2d(x, weight, offset, options);
}

/**
 * Batch normalisation: by the batch's statistics in training, by running statistics otherwise. With
 * `frozen`, scale and shift are not trained, as in the reference.
 */
export function batchNorm(
  p: Parameters,
  channels: number,
  { frozen = false, eps = 1e-5 } = {},
): Layer {
  const weight = p.parameter("weight", [channels], onesInit, frozen);
  const bias = p.parameter("bias", [channels], zerosInit, frozen);
  const runningMean = p.buffer("running_mean", [channels], zerosInit);
  const runningVar = p.buffer("running_var", [channels], onesInit);
  const state = { weight, bias, runningMean, runningVar };
  return (x, training) => torch.batchNorm(x, state, training, { eps });
}

/** Applies layers in order. */
export function sequential(...layers: readonly Layer[]): Layer {
  return (x, training) => layers.reduce((value, layer) => layer(value, training), x);
}

/** x if x > 0, otherwise slope * x. */
export const leakyRelu =
  (slope: number): Layer =>
  (x) =>
    x.leakyRelu(slope);

/** max(x, 0). Overwrites x, so no other layer may read x. */
export const relu: Layer = (x) => x.reluInPlace();

const hardtanh = torch.inPlace("hardtanh_");
/**
 * min(max(x, 0), 6). Overwrites x, so no other layer may read x. libtorch 1.13 does not have its gradient
 * in bfloat16 on the CPU; computing in float32 gives the same numbers, and is faster than `clamp`.
 */
export const relu6: Layer = (x) =>
  x.dtype === "bfloat16" && x.device === "cpu"
    ? hardtanh(x.to({ dtype: "float32" }), 0, 6).to({ dtype: "bfloat16" })
    : hardtanh(x, 0, 6);
