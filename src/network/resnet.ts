import { CAFFE_INPUT } from "../datasets/input-format.js";
import {
  batchNorm,
  conv2d,
  type Init,
  type Layer,
  type Parameters,
  relu,
  sequential,
} from "../nn/index.js";
import { maxPool2d } from "../torch/index.js";
import type { Backbone, BackboneOptions, FeatureExtractor, PublishedWeights } from "./backbone.js";

/** He et al. 2016, table 1. */
const DEPTHS = {
  18: { blocks: [2, 2, 2, 2], block: basic, expansion: 1 },
  34: { blocks: [3, 4, 6, 3], block: basic, expansion: 1 },
  50: { blocks: [3, 4, 6, 3], block: bottleneck, expansion: 4 },
  101: { blocks: [3, 4, 23, 3], block: bottleneck, expansion: 4 },
} as const;
type Depth = keyof typeof DEPTHS;

/** Channels of the first convolution. */
const STEM = 64;

/** Stride and dilation of the four stages: output stride 8 by dilating the last two. */
const STAGES = [
  { stride: 1, dilation: 1 },
  { stride: 2, dilation: 1 },
  { stride: 1, dilation: 2 },
  { stride: 1, dilation: 4 },
] as const;

interface BlockOptions {
  readonly inputs: number;
  readonly planes: number;
  readonly outputs: number;
  readonly stride: number;
  readonly dilation: number;
  readonly init: Init;
}

/** y + shortcut, rectified; the shortcut is a projection where shapes differ. */
function residual(p: Parameters, body: Layer, options: BlockOptions): Layer {
  const { inputs, outputs, stride, init } = options;
  const shortcut =
    stride === 1 && inputs === outputs
      ? undefined
      : sequential(
          conv2d(p.sub("downsample").sub(0), inputs, outputs, 1, { stride, bias: false, init }),
          batchNorm(p.sub("downsample").sub(1), outputs, { frozen: true }),
        );
  return (x, training) => {
    const y = body(x, training);
    return y.addInPlace(shortcut?.(x, training) ?? x).reluInPlace();
  };
}

function basic(p: Parameters, options: BlockOptions): Layer {
  const { inputs, planes, stride, dilation, init } = options;
  const around = { padding: dilation, dilation, bias: false, init };
  const body = sequential(
    conv2d(p.sub("conv1"), inputs, planes, 3, { stride, ...around }),
    batchNorm(p.sub("bn1"), planes, { frozen: true }),
    relu,
    conv2d(p.sub("conv2"), planes, planes, 3, around),
    batchNorm(p.sub("bn2"), planes, { frozen: true }),
  );
  return residual(p, body, options);
}

/** The stride sits on the first 1x1 convolution, as in the Caffe original. */
function bottleneck(p: Parameters, options: BlockOptions): Layer {
  const { inputs, planes, outputs, stride, dilation, init } = options;
  const body = sequential(
    conv2d(p.sub("conv1"), inputs, planes, 1, { stride, bias: false, init }),
    batchNorm(p.sub("bn1"), planes, { frozen: true }),
    relu,
    conv2d(p.sub("conv2"), planes, planes, 3, { padding: dilation, dilation, bias: false, init }),
    batchNorm(p.sub("bn2"), planes, { frozen: true }),
    relu,
    conv2d(p.sub("conv3"), planes, outputs, 1, { bias: false, init }),
    batchNorm(p.sub("bn3"), outputs, { frozen: true }),
  );
  return residual(p, body, options);
}

/**
 * ResNet (He et al. 2016) at output stride 8, with the parameter names of DeepLab-v2's public
 * PyTorch form. Scale and shift of batch normalisation are frozen.
 */
function build(depth: Depth, p: Parameters, { width, init }: BackboneOptions): FeatureExtractor {
  const { blocks, block, expansion } = DEPTHS[depth];
  const base = Math.round(STEM * width);
  const stem = sequential(
    conv2d(p.sub("conv1"), 3, base, 7, { stride: 2, padding: 3, bias: false, init }),
    batchNorm(p.sub("bn1"), base, { frozen: true }),
    relu,
    (x) => maxPool2d(x, 3, { stride: 2, padding: 1, ceilMode: true }),
  );
  let inputs = base;
  const stages = STAGES.map(({ stride, dilation }, s) => {
    const planes = base * 2 ** s;
    const outputs = planes * expansion;
    const layers = Array.from({ length: blocks[s] as number }, (_, b) => {
      const at = p.sub(`layer${s + 1}`).sub(b);
      const options = { inputs, planes, outputs, stride: b === 0 ? stride : 1, dilation, init };
      inputs = outputs;
      return block(at, options);
    });
    return sequential(...layers);
  });
  const [layer1, layer2, layer3, layer4] = stages as [Layer, Layer, Layer, Layer];
  const early = sequential(stem, layer1, layer2, layer3);
  return {
    channels: { aux: base * 4 * expansion, main: base * 8 * expansion },
    forward(images, training) {
      const aux = early(images, training);
      return { aux, main: layer4(aux, training) };
    },
  };
}

/** Files of DeepLab-v2, of its ImageNet initialisations and of torchvision have our names. */
const published: PublishedWeights = {
  anchor: "layer1.0.conv1.weight",
  describe(shape) {
    const blocks = [1, 2, 3, 4].map((stage) => {
      let count = 0;
      while (shape(`layer${stage}.${count}.conv1.weight`)) count++;
      return count;
    });
    const expansion = shape("layer1.0.conv3.weight") ? 4 : 1;
    const [depth] =
      Object.entries(DEPTHS).find(
        ([, known]) => known.expansion === expansion && String(known.blocks) === String(blocks),
      ) ?? [];
    return {
      name: depth === undefined ? `ResNet of ${blocks} blocks` : `ResNet-${depth}`,
      width: (shape("conv1.weight")?.[0] ?? STEM) / STEM,
      imageClasses: shape("fc.weight")?.[0],
    };
  },
  leftOut: [{ scope: "fc", hint: "if it is torchvision's, set network.input=torchvision" }],
};

/** Once for every module that holds the parameter: stage, block and layer, and in a shortcut its sequence. */
function duplicates(name: string): number {
  if (!name.startsWith("layer")) return 1;
  return name.includes(".downsample.") ? 4 : 3;
}

function resnet(depth: Depth): Backbone {
  return {
    create: (p, options) => build(depth, p, options),
    input: CAFFE_INPUT,
    published,
    duplicates,
  };
}

export const resnet18 = resnet(18);
export const resnet34 = resnet(34);
export const resnet50 = resnet(50);
export const resnet101 = resnet(101);
