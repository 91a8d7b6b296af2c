import { TORCHVISION_INPUT } from "../datasets/input-format.js";
import {
  convNormRelu6,
  invertedResidual,
  type Parameters,
  roundedChannels,
  sequential,
} from "../nn/index.js";
import { atrous } from "./atrous.js";
import type { Backbone, BackboneOptions, FeatureExtractor } from "./backbone.js";

/** Expansion, channels, repetitions and stride of the stages: Sandler et al. 2018, table 2. */
const STAGES = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
] as const;
/** All blocks. The first block of a stage has the stride. */
const BLOCKS = STAGES.flatMap(([expansion, channels, repetitions, first]) =>
  Array.from({ length: repetitions }, (_, i) => ({
    expansion,
    channels,
    stride: i === 0 ? first : 1,
  })),
);
const STEM = 32;
/** The last block of 24 channels, at stride 4, and of 96, the input of the auxiliary classifier. */
const LOW = 3;
const AUX = 13;

/**
 * MobileNetV2 (Sandler et al., CVPR 2018) with torchvision's names and symmetric padding. The last 1x1
 * convolution, to 1280 channels, is left out as in the paper's segmentation networks (section 6.3). Scale
 * and shift of batch normalisation are trained.
 */
function build(p: Parameters, { width, init, outputStride }: BackboneOptions): FeatureExtractor {
  const features = p.sub("features");
  const stem = roundedChannels(STEM * width);
  const layers = [convNormRelu6(features.sub(0), 3, stem, 3, { stride: 2, padding: 1, init })];
  const sizes = [stem];
  const strides = BLOCKS.map(({ stride }) => stride);
  for (const [i, { stride, dilation }] of atrous(strides, 2, outputStride).entries()) {
    const block = BLOCKS[i] as (typeof BLOCKS)[number];
    const inputs = sizes[i] as number;
    const outputs = roundedChannels(block.channels * width);
    const shortcut = block.stride === 1 && inputs === outputs;
    const options = { inputs, outputs, expansion: block.expansion, stride, dilation };
    const at = features.sub(i + 1).sub("conv");
    layers.push(invertedResidual(at, { ...options, shortcut, init }));
    sizes.push(outputs);
  }
  const [early, middle, late] = [
    sequential(...layers.slice(0, LOW + 1)),
    sequential(...layers.slice(LOW + 1, AUX + 1)),
    sequential(...layers.slice(AUX + 1)),
  ];
  const [low, aux, main] = [sizes[LOW], sizes[AUX], sizes.at(-1)] as [number, number, number];
  return {
    channels: { low, aux, main },
    forward(images, training) {
      const low = early(images, training);
      const aux = middle(low, training);
      return { low, aux, main: late(aux, training) };
    },
  };
}

export const mobilenetV2: Backbone = {
  create: build,
  input: TORCHVISION_INPUT,
  published: {
    anchor: "features.17.conv.2.weight",
    describe: (shape) => ({
      name: "MobileNetV2",
      backbone: "mobilenetv2",
      width: (shape("features.17.conv.2.weight")?.[0] ?? 320) / 320,
      imageClasses: shape("classifier.1.weight")?.[0],
    }),
    leftOut: [{ scope: "features.18" }, { scope: "classifier" }],
  },
};
