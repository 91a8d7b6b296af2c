import type { ConvOptions, Tensor } from "../torch/index.js";
import * as torch from "../torch/index.js";
import { heInit, type Init, onesInit, type Parameters, zerosInit } from "./parameters.js";

/** [N, C, H, W] -> [N, C', H', W']. `training` decides whose statistics normalise. */
export type Layer = (x: Tensor, training: boolean) => Tensor;

/** A convolution; with a bias, and started by He et al., unless said otherwise. */
export interface Conv2dOptions extends ConvOptions {
  readonly bias?: boolean;
  readonly init?: Init;
}

/** A square convolution: `weight` [out, in / groups, kernel, kernel] and, unless off, `bias` [out]. */
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
 * Normalisation by the batch's statistics in training, by the running ones otherwise. `frozen`
 * keeps scale and shift as they are, as the reference does.
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

/** One layer after the other. */
export function sequential(...layers: readonly Layer[]): Layer {
  return (x, training) => layers.reduce((value, layer) => layer(value, training), x);
}

/** x where it is positive, else slope x. */
export const leakyRelu =
  (slope: number): Layer =>
  (x) =>
    x.leakyRelu(slope);

/** max(x, 0), overwriting x: for what no other layer reads. */
export const relu: Layer = (x) => x.reluInPlace();

const hardtanh = torch.inPlace("hardtanh_");
/**
 * min(max(x, 0), 6), overwriting x: for what no other layer reads. libtorch 1.13 has no gradient of it in
 * bfloat16 on the CPU; by way of float32 it is the same number, and faster than `clamp`.
 */
export const relu6: Layer = (x) =>
  x.dtype === "bfloat16" && x.device === "cpu"
    ? hardtanh(x.to({ dtype: "float32" }), 0, 6).to({ dtype: "bfloat16" })
    : hardtanh(x, 0, 6);
