import { batchNorm, type Conv2dOptions, conv2d, type Layer, relu6, sequential } from "./layers.js";
import type { Init, Parameters } from "./parameters.js";

/** torchvision's `_make_divisible`: the nearest multiple of 8 that is at least 90 % of the value. */
export function roundedChannels(channels: number): number {
  const nearest = Math.max(8, Math.floor((channels + 4) / 8) * 8);
  return nearest < 0.9 * channels ? nearest + 8 : nearest;
}

/** A convolution without bias, normalisation and ReLU6, as torchvision nests them. */
export function convNormRelu6(
  p: Parameters,
  inputs: number,
  outputs: number,
  kernel: number,
  options: Conv2dOptions,
): Layer {
  return sequential(
    conv2d(p.sub(0), inputs, outputs, kernel, { ...options, bias: false }),
    batchNorm(p.sub(1), outputs),
    relu6,
  );
}

/** Options of `invertedResidual`. */
export interface InvertedResidualOptions {
  readonly inputs: number;
  readonly outputs: number;
  /** Channels of the depthwise convolution, as a multiple of `inputs`. */
  readonly expansion: number;
  /** Of the depthwise convolution. */
  readonly stride: number;
  readonly dilation: number;
  /** Whether the input is added to the output: if the published stride is 1 and the shapes are equal. */
  readonly shortcut: boolean;
  readonly init: Init;
}

/** Expansion by a 1x1 convolution, a depthwise 3x3, and a linear 1x1: Sandler et al. 2018, section 3.3. */
export function invertedResidual(p: Parameters, options: InvertedResidualOptions): Layer {
  const { inputs, outputs, expansion, stride, dilation, shortcut, init } = options;
  const hidden = inputs * expansion;
  const expand = expansion === 1 ? [] : [convNormRelu6(p.sub(0), inputs, hidden, 1, { init })];
  const at = expand.length;
  const depthwise = { stride, dilation, padding: dilation, groups: hidden, init };
  const body = sequential(
    ...expand,
    convNormRelu6(p.sub(at), hidden, hidden, 3, depthwise),
    conv2d(p.sub(at + 1), hidden, outputs, 1, { bias: false, init }),
    batchNorm(p.sub(at + 2), outputs),
  );
  return shortcut ? (x, training) => body(x, training).addInPlace(x) : body;
}
