import { conv2d, type Init, type Layer, type Parameters } from "../nn/index.js";
import { maxPool2d, reflectionPad, type Tensor, upsampleNearest } from "../torch/index.js";

/** Channels of the four levels of VGG-19, relu1_1 to relu4_1; the last has 1/8 of the resolution. */
const CHANNELS = [64, 128, 256, 512] as const;

/** Sides below this leave nothing to reflect at the deepest level. */
export const LEAST_SIDE = 16;

/** The encoder's places in the published file, in which every layer has a number. */
const ENCODER = {
  color: 0,
  levels: [
    [2],
    [5, 9],
    [12, 16],
    [19, 22, 25, 29], // the convolutions that lead to relu1_1, 2_1, 3_1 and 4_1
  ],
} as const;

/** The decoder mirrors it. */
const DECODER = [[1], [5, 8, 11, 14], [18, 21], [25, 28]] as const;

const channelsOf = (width: number) => CHANNELS.map((channels) => Math.round(channels * width));

function convolve(p: Parameters, inputs: number, outputs: number, init: Init | undefined): Layer {
  const convolution = conv2d(p, inputs, outputs, 3, init ? { init } : {});
  return (x, training) => convolution(reflectionPad(x, 1), training);
}

/** Images [N, 3, H, W], 0..1 -> features at relu1_1, relu2_1, relu3_1, relu4_1. */
export type Encoder = (images: Tensor) => [Tensor, Tensor, Tensor, Tensor];

/**
 * VGG-19 (Simonyan & Zisserman 2015) up to relu4_1, reflecting at the borders, behind a 1x1
 * convolution of the colours: the encoder of Huang & Belongie 2017, with the names of its file.
 * @param width multiplies every channel count; 1 is the published network
 */
export function vggEncoder(p: Parameters, width = 1, init?: Init): Encoder {
  const channels = channelsOf(width);
  const color = conv2d(p.sub(ENCODER.color), 3, 3, 1, init ? { init } : {});
  let inputs = 3;
  const levels = ENCODER.levels.map((places, level) =>
    places.map((place, i) => {
      const last = i === places.length - 1;
      const outputs = channels[last ? level : level - 1] as number;
      const layer = convolve(p.sub(place), inputs, outputs, init);
      inputs = outputs;
      return layer;
    }),
  );
  return (images) => {
    let x = color(images, false);
    return levels.map((layers, level) => {
      layers.forEach((layer, i) => {
        // The convolution before the pool belongs to the level above it.
        if (level > 0 && i === layers.length - 1) x = maxPool2d(x, 2, { ceilMode: true });
        x = layer(x, false).reluInPlace();
      });
      return x;
    }) as [Tensor, Tensor, Tensor, Tensor];
  };
}

/** Features at relu4_1 -> images [N, 3, 8 h, 8 w], about 0..1. */
export type Decoder = (features: Tensor) => Tensor;

/** The mirror of `vggEncoder`: nearest upsampling where that pools, no normalisation. */
export function vggDecoder(p: Parameters, width = 1, init?: Init): Decoder {
  const channels = channelsOf(width);
  let inputs = channels[3] as number;
  const levels = DECODER.map((places, level) =>
    places.map((place, i) => {
      const last = i === places.length - 1;
      const down = level === 3 ? (last ? 3 : channels[0]) : channels[last ? 2 - level : 3 - level];
      const layer = convolve(p.sub(place), inputs, down as number, init);
      inputs = down as number;
      return layer;
    }),
  );
  return (features) => {
    let x = features;
    levels.forEach((layers, level) => {
      layers.forEach((layer, i) => {
        x = layer(x, false);
        if (level < 3 || i < layers.length - 1) x = x.reluInPlace();
      });
      if (level < 3) x = upsampleNearest(x, 2 * x.size(2), 2 * x.size(3));
    });
    return x;
  };
}
