import { INPUT_FORMATS, type InputFormat, type InputName } from "../datasets/input-format.js";
import {
  convNormRelu6,
  createParameters,
  type Init,
  invertedResidual,
  type Parameters,
  roundedChannels,
  zerosInit,
} from "../nn/index.js";
import { tensor } from "../torch/index.js";
import { type Coder, coderOf } from "./coder.js";
import { chain, convolve, double, type Step } from "./steps.js";

const STEM = 32;
/**
 * Expansion, channels, stride and number of the blocks that lead to `features.1`, `features.3` and
 * `features.6`: Sandler et al. 2018, table 2.
 */
const LEVELS = [
  { expansion: 1, channels: 16, stride: 1, blocks: 1 },
  { expansion: 6, channels: 24, stride: 2, blocks: 2 },
  { expansion: 6, channels: 32, stride: 2, blocks: 3 },
] as const;

/** Images [N, 3, H, W], RGB, 0..1 -> the pixels that an encoder expects. */
const pixels =
  ({ order, mean, scale }: InputFormat): Step =>
  (x) =>
    (order === "bgr" ? x.flip(1) : x)
      .mul(255)
      .sub(tensor(Float32Array.from(mean), [3, 1, 1], { device: x.device }))
      .mul(scale);

/**
 * The first seven layers of MobileNetV2 with torchvision's names. Batch normalisation uses the running
 * statistics of the file, also while a decoder is trained.
 * @returns the steps: images [N, 3, H, W], 0..1 -> `features.0` -> `.1` (both at stride 2) -> `.3` (4) -> `.6` (8)
 */
function encoder(p: Parameters, width: number, input: InputName): Step[] {
  const features = p.sub("features");
  const init = zerosInit; // a file fills them
  let inputs = roundedChannels(STEM * width);
  const stem = convNormRelu6(features.sub(0), 3, inputs, 3, { stride: 2, padding: 1, init });
  let at = 1;
  const levels = LEVELS.map(({ expansion, channels, stride: first, blocks }) => {
    const outputs = roundedChannels(channels * width);
    const steps = Array.from({ length: blocks }, (_, i): Step => {
      const stride = i === 0 ? first : 1;
      const shape = { inputs, outputs, expansion, stride, dilation: 1 };
      const shortcut = stride === 1 && inputs === outputs;
      const block = invertedResidual(features.sub(at++).sub("conv"), { ...shape, shortcut, init });
      inputs = outputs;
      return (x) => block(x, false);
    });
    return chain(steps);
  });
  return [chain([pixels(INPUT_FORMATS[input]), (x) => stem(x, false)]), ...levels];
}

/** Channels of the decoder: after the convolutions at stride 8, at 4, at 2, and at the image's resolution. */
const DECODER = [[96, 64], [64, 32], [32], [16, 3]] as const;

/** The deviation of ImageNet features is about 5; the decoder divides by it to start from unit deviation. */
const DEVIATION = 5;

const unit: Step = (x) => x.div(DEVIATION);
/** With ReLU, most units of this small decoder stop responding in the first steps, and bright areas stay grey. */
const leaky: Step = (x) => x.leakyRelu(0.1);

/** Convolutions and nearest upsampling back to the image, by the level that each step decodes. */
function decoder(p: Parameters, width: number, init: Init): Step[] {
  let inputs = roundedChannels(LEVELS[2].channels * width);
  const fromDeepest = DECODER.map((channels, i) => {
    const level = DECODER.length - 1 - i;
    const steps = channels.flatMap((outputs, k) => {
      const layer = convolve(p.sub(level).sub(k), inputs, outputs, init);
      inputs = outputs;
      return level === 0 && k === channels.length - 1 ? layer : [...layer, leaky];
    });
    if (level === 0) return chain([double, ...steps]);
    if (level === 1) return chain(steps); // levels 1 and 0 have the same resolution
    return chain([...(level === 3 ? [unit] : []), ...steps, double]);
  });
  return fromDeepest.reverse();
}

/**
 * A row of `features.3` depends on one row of `features.2` above and below, that on one more of
 * `features.1` at twice the resolution, each of those on one of the stem, and that on one of the image: 9 rows
 * of the image. A row of the image depends on two, and each of those, at half the resolution, on one.
 */
const STRIPS = {
  down: { steps: 3, rows: 64, halo: 12, scale: 1 / 4 },
  up: { steps: 2, rows: 32, halo: 3, scale: 2 },
} as const;

/** Options of `createMobilenetCoder`. */
export interface MobilenetCoderOptions {
  /** Multiplies the channel counts of the encoder; 1 is the published network. */
  readonly width?: number;
  /** The pixels that the encoder's weights expect. Default: torchvision's. */
  readonly input?: InputName | undefined;
  readonly device?: string;
  /** Initialises the decoder. Default: zeros, for a file to fill. */
  readonly init?: Init;
}

/**
 * A coder whose encoder is the beginning of a MobileNetV2. The encoder's tensors do not require gradients,
 * and are 0, for a file to fill.
 */
export function createMobilenetCoder({
  width = 1,
  input = "torchvision",
  device = "cpu",
  init = zerosInit,
}: MobilenetCoderOptions = {}): Coder {
  const parameters = createParameters(device);
  const down = encoder(parameters.sub("encoder"), width, input);
  for (const tensor of parameters.all.values()) tensor.requiresGrad = false;
  const up = decoder(parameters.sub("decoder"), width, init);
  return coderOf({
    ...{ kind: "mobilenetv2", parameters, width, input, device },
    ...{ down, up, strips: STRIPS },
  });
}
