import { UNIT_INPUT } from "../datasets/input-format.js";
import {
  batchNorm,
  conv2d,
  type Init,
  type Layer,
  type Parameters,
  sequential,
} from "../nn/index.js";
import { pad, type Tensor } from "../torch/index.js";
import { atrous } from "./atrous.js";
import type {
  Backbone,
  BackboneOptions,
  FeatureExtractor,
  PublishedWeights,
  Translation,
} from "./backbone.js";

/** Output channels and stride of the thirteen blocks: Howard et al. 2017, table 1. */
const BLOCKS = [
  ...[
    [64, 1],
    [128, 2],
    [128, 1],
    [256, 2],
    [256, 1],
  ],
  ...[
    [512, 2],
    [512, 1],
    [512, 1],
    [512, 1],
    [512, 1],
    [512, 1],
  ],
  ...[
    [1024, 2],
    [1024, 1],
  ],
] as [number, number][];
const STEM = 32;
/** The last block of 128 channels, at stride 4, and of 512, the input of the auxiliary classifier. */
const LOW = 3;
const AUX = 11;
/** ReLU6. Unlike in PyTorch's, the gradient is 1 at exactly 0 and 6. */
const clip: Layer = (x) => x.clamp(0, 6);

/** TensorFlow's "same" padding of a 3x3 kernel: an odd padding has one more at the end. */
function samePadding(
  x: Tensor,
  stride: number,
): [left: number, right: number, top: number, bottom: number] {
  const sides = (size: number) => {
    const total = Math.max(0, (Math.ceil(size / stride) - 1) * stride + 3 - size);
    return [Math.floor(total / 2), Math.ceil(total / 2)] as const;
  };
  return [...sides(x.size(3)), ...sides(x.size(2))];
}

/** A 3x3 convolution with TensorFlow's padding. */
function convolve(p: Parameters, inputs: number, outputs: number, options: ConvolveOptions): Layer {
  const { stride, dilation, ...rest } = options;
  // At stride 1 the padding is symmetric, which the convolution can do itself.
  const padding = stride === 1 ? dilation : 0;
  const layer = conv2d(p, inputs, outputs, 3, { ...rest, stride, dilation, padding, bias: false });
  return (x, training) => layer(stride === 1 ? x : pad(x, samePadding(x, stride)), training);
}

interface ConvolveOptions {
  readonly stride: number;
  readonly dilation: number;
  readonly groups?: number;
  readonly init: Init;
}

/**
 * MobileNetV1 (Howard et al. 2017). Scale and shift of batch normalisation are trained: a small network
 * that was not designed for segmentation needs them. Parameters have the names of Keras's layers.
 * Published widths are 1, 0.75, 0.5 and 0.25.
 */
function build(p: Parameters, { width, init, outputStride }: BackboneOptions): FeatureExtractor {
  const normed = (name: string, channels: number) =>
    sequential(batchNorm(p.sub(`${name}_bn`), channels, { eps: 1e-3 }), clip);
  const scaled = (channels: number) => Math.round(channels * width);
  let inputs = scaled(STEM);
  const stem = sequential(
    convolve(p.sub("conv1"), 3, inputs, { stride: 2, dilation: 1, init }),
    normed("conv1", inputs),
  );
  const strides = BLOCKS.map(([, stride]) => stride);
  const blocks = atrous(strides, 2, outputStride).map(({ stride, dilation }, i) => {
    const [channels] = BLOCKS[i] as [number, number];
    const outputs = scaled(channels);
    const [depthwise, pointwise] = [`conv_dw_${i + 1}`, `conv_pw_${i + 1}`];
    const layer = sequential(
      convolve(p.sub(depthwise), inputs, inputs, { stride, dilation, groups: inputs, init }),
      normed(depthwise, inputs),
      conv2d(p.sub(pointwise), inputs, outputs, 1, { bias: false, init }),
      normed(pointwise, outputs),
    );
    inputs = outputs;
    return layer;
  });
  const early = sequential(stem, ...blocks.slice(0, LOW));
  const middle = sequential(...blocks.slice(LOW, AUX));
  const late = sequential(...blocks.slice(AUX));
  return {
    channels: { low: scaled(128), aux: scaled(512), main: scaled(1024) },
    forward(images, training) {
      const low = early(images, training);
      const aux = middle(low, training);
      return { low, aux, main: late(aux, training) };
    },
  };
}

/** Our names and axes of Keras's tensors. Kernels are [h, w, in, out] or, depthwise, [h, w, C, 1]. */
const KERAS: Readonly<Record<string, Translation>> = {
  kernel: { name: "weight", axes: [3, 2, 0, 1] },
  depthwise_kernel: { name: "weight", axes: [2, 3, 0, 1] },
  bias: { name: "bias" },
  gamma: { name: "weight" },
  beta: { name: "bias" },
  moving_mean: { name: "running_mean" },
  moving_variance: { name: "running_var" },
};

const published: PublishedWeights = {
  anchor: "conv_pw_13.weight",
  describe: (shape) => ({
    name: "MobileNetV1",
    backbone: "mobilenetv1",
    width: (shape("conv_pw_13.weight")?.[0] ?? 1024) / 1024,
    imageClasses: shape("conv_preds.weight")?.[0],
  }),
  leftOut: [{ scope: "conv_preds" }],
  /** `conv_dw_1/depthwise_kernel` is our `conv_dw_1.weight`; our own names do not change. */
  translate(name) {
    const [, layer, kind = ""] = /^(.*)\/(\w+)$/.exec(name) ?? [];
    const own = KERAS[kind];
    return own === undefined ? { name } : { ...own, name: `${layer}.${own.name}` };
  },
};

export const mobilenetV1: Backbone = { create: build, input: UNIT_INPUT, published };
