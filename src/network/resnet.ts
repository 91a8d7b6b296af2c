import { CAFFE_INPUT, TORCHVISION_INPUT } from "../datasets/input-format.js";
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
import { atrous } from "./atrous.js";
import type { Backbone, BackboneOptions, FeatureExtractor, PublishedWeights } from "./backbone.js";

/** He et al. 2016, table 1. */
const DEPTHS = {
  18: { blocks: [2, 2, 2, 2], block: basic, expansion: 1 },
  34: { blocks: [3, 4, 6, 3], block: basic, expansion: 1 },
  50: { blocks: [3, 4, 6, 3], block: bottleneck, expansion: 4 },
  101: { blocks: [3, 4, 23, 3], block: bottleneck, expansion: 4 },
} as const;
type Depth = keyof typeof DEPTHS;
/**
 * v1, of the paper and Caffe, has a bottleneck's stride on the first 1x1 convolution, and a pool that
 * rounds sizes up. v1.5, of torchvision, has the stride on the 3x3 convolution, and a pool that rounds down.
 */
type Version = "v1" | "v1.5";

/** Channels of the first convolution. */
const STEM = 64;

/** Strides of the four stages, whose input is at stride 4. */
const STRIDES = [1, 2, 2, 2] as const;

interface BlockOptions {
  readonly inputs: number;
  readonly planes: number;
  readonly outputs: number;
  readonly stride: number;
  readonly dilation: number;
  readonly version: Version;
  readonly init: Init;
}

/** ReLU(y + shortcut). The shortcut is a projection if shapes differ. */
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

function bottleneck(p: Parameters, options: BlockOptions): Layer {
  const { inputs, planes, outputs, stride, dilation, version, init } = options;
  const around = { padding: dilation, dilation, bias: false, init };
  const [first, second] = version === "v1" ? [stride, 1] : [1, stride];
  const body = sequential(
    conv2d(p.sub("conv1"), inputs, planes, 1, { stride: first, bias: false, init }),
    batchNorm(p.sub("bn1"), planes, { frozen: true }),
    relu,
    conv2d(p.sub("conv2"), planes, planes, 3, { stride: second, ...around }),
    batchNorm(p.sub("bn2"), planes, { frozen: true }),
    relu,
    conv2d(p.sub("conv3"), planes, outputs, 1, { bias: false, init }),
    batchNorm(p.sub("bn3"), outputs, { frozen: true }),
  );
  return residual(p, body, options);
}

/**
 * ResNet (He et al. 2016) with the parameter names of the public PyTorch DeepLab-v2 and of torchvision.
 * Scale and shift of batch normalisation are frozen.
 */
function build(
  { depth, version }: { readonly depth: Depth; readonly version: Version },
  p: Parameters,
  { width, init, outputStride }: BackboneOptions,
): FeatureExtractor {
  const { blocks, block, expansion } = DEPTHS[depth];
  const base = Math.round(STEM * width);
  const stem = sequential(
    conv2d(p.sub("conv1"), 3, base, 7, { stride: 2, padding: 3, bias: false, init }),
    batchNorm(p.sub("bn1"), base, { frozen: true }),
    relu,
    (x) => maxPool2d(x, 3, { stride: 2, padding: 1, ceilMode: version === "v1" }),
  );
  let inputs = base;
  const stages = atrous(STRIDES, 4, outputStride).map(({ stride, dilation, after }, s) => {
    const planes = base * 2 ** s;
    const outputs = planes * expansion;
    const layers = Array.from({ length: blocks[s] as number }, (_, b) => {
      const at = p.sub(`layer${s + 1}`).sub(b);
      const own =
        b > 0
          ? { stride: 1, dilation: after }
          : { stride, dilation: version === "v1" ? after : dilation };
      const options = { inputs, planes, outputs, ...own, version, init };
      inputs = outputs;
      return block(at, options);
    });
    return sequential(...layers);
  });
  const [layer1, layer2, layer3, layer4] = stages as [Layer, Layer, Layer, Layer];
  const early = sequential(stem, layer1);
  const middle = sequential(layer2, layer3);
  const [low, aux, main] = [base, base * 4, base * 8].map((planes) => planes * expansion);
  return {
    channels: { low, aux, main } as FeatureExtractor["channels"],
    forward(images, training) {
      const low = early(images, training);
      const aux = middle(low, training);
      return { low, aux, main: layer4(aux, training) };
    },
  };
}

/** Identifies a ResNet by its tensors. They do not show where the stride is. */
const describe: PublishedWeights["describe"] = (shape) => {
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
  const imageClasses = shape("fc.weight")?.[0];
  const isTorchvisions = imageClasses !== undefined && expansion > 1;
  const deepStem = shape("stem.0.weight") !== undefined;
  return {
    name:
      (depth === undefined ? `ResNet of ${blocks} blocks` : `ResNet-${depth}`) +
      (deepStem ? " with a deep stem" : ""),
    backbone:
      depth === undefined || deepStem
        ? undefined
        : `resnet${depth}${isTorchvisions ? "-v1.5" : ""}`,
    width: (shape("conv1.weight")?.[0] ?? STEM) / STEM,
    imageClasses,
  };
};

/** The number of modules that contain a parameter: stage, block and layer, and the sequence of a shortcut. */
function duplicates(name: string): number {
  if (!name.startsWith("layer")) return 1;
  return name.includes(".downsample.") ? 4 : 3;
}

/** Files of DeepLab-v2, of its ImageNet initialisations and of torchvision have our names. */
function resnet(depth: Depth, version: Version = "v1"): Backbone {
  const forTorchvision =
    DEPTHS[depth].block === basic
      ? "network.input=torchvision"
      : `network.backbone=resnet${depth}-v1.5, which has its strides and its input`;
  // Parts of torchvision's files: of its image classifiers, and of its DeepLab-v3.
  const leftOut = ["fc", "classifier", "aux_classifier"].map((scope) => ({
    scope,
    ...(version === "v1" && { hint: `if it is torchvision's, set ${forTorchvision}` }),
  }));
  return {
    create: (p, options) => build({ depth, version }, p, options),
    input: version === "v1" ? CAFFE_INPUT : TORCHVISION_INPUT,
    published: {
      anchor: "layer1.0.conv1.weight",
      describe,
      leftOut,
    },
    duplicates,
  };
}

export const resnet18 = resnet(18);
export const resnet34 = resnet(34);
export const resnet50 = resnet(50);
export const resnet101 = resnet(101);
export const resnet50v15 = resnet(50, "v1.5");
export const resnet101v15 = resnet(101, "v1.5");
