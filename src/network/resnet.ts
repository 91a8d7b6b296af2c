import { CAFFE_INPUT } from "../datasets/input-format.js";
import {
  batchNorm,
  conv2d,
  type Init,
  type Layer,
  normalInit,
  type Parameters,
  relu,
  sequential,
} from "../nn/index.js";
import { maxPool2d, type Tensor } from "../torch/index.js";
import type { Backbone } from "./backbones.js";

export const DEPTHS = {
  resnet18: { blocks: [2, 2, 2, 2], block: basic, expansion: 1 },
  resnet34: { blocks: [3, 4, 6, 3], block: basic, expansion: 1 },
  resnet50: { blocks: [3, 4, 6, 3], block: bottleneck, expansion: 4 },
  resnet101: { blocks: [3, 4, 23, 3], block: bottleneck, expansion: 4 },
} as const;

/** A name of `RESNETS`. */
export type ResNetName = keyof typeof DEPTHS;
/** The depths of ResNet: He et al., CVPR 2016. */
export const RESNETS = Object.keys(DEPTHS) as ResNetName[];

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
 * @param width multiplies every channel count; 1 is the published network.
 */
export function resnet(
  p: Parameters,
  name: ResNetName,
  width = 1,
  init: Init = normalInit(0.01),
): Backbone {
  const { blocks, block, expansion } = DEPTHS[name];
  const base = Math.round(64 * width);
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
  const early = sequential(stem, layer1, layer2);
  const backbone = (x: Tensor, training: boolean) => {
    const third = layer3(early(x, training), training);
    return { layer3: third, layer4: layer4(third, training) };
  };
  const channels = { layer3: base * 4 * expansion, layer4: base * 8 * expansion };
  // Published files have these names already.
  const published = (tensors: ReadonlyMap<string, Tensor>) => tensors;
  return Object.assign(backbone, { channels, input: CAFFE_INPUT, published });
}
