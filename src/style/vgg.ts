import { conv2d, type Init, type Parameters } from "../nn/index.js";
import { maxPool2d } from "../torch/index.js";
import { channelsLast } from "./reflect.js";
import { chain, convolve, double, relu, type Step } from "./steps.js";

/** Channels of the four levels of VGG-19, relu1_1 to relu4_1; the last has 1/8 of the resolution. */
const CHANNELS = [64, 128, 256, 512] as const;

/** The encoder's layer numbers in the published file. */
const ENCODER = {
  color: 0,
  levels: [
    [2],
    [5, 9],
    [12, 16],
    [19, 22, 25, 29], // the convolutions that lead to relu1_1, 2_1, 3_1 and 4_1
  ],
} as const;

/** The decoder's layer numbers. */
const DECODER = [[1], [5, 8, 11, 14], [18, 21], [25, 28]] as const;

const channelsOf = (width: number) => CHANNELS.map((channels) => Math.round(channels * width));

// The convolution before a pool belongs to the previous level.
const pool: Step = (x) => maxPool2d(x, 2, { ceilMode: true });

/**
 * VGG-19 (Simonyan & Zisserman 2015) up to relu4_1 with reflection padding, after a 1x1 convolution of
 * the colours: the encoder of Huang & Belongie 2017, with the names of its file.
 * @param width multiplies every channel count; 1 is the published network
 * @returns the steps of the encoder: images [N, 3, H, W], 0..1 -> relu1_1 -> relu2_1 -> relu3_1 -> relu4_1
 */
export function vggEncoder(p: Parameters, width = 1, init?: Init): Step[] {
  const channels = channelsOf(width);
  const color = conv2d(p.sub(ENCODER.color), 3, 3, 1, init ? { init } : {});
  let inputs = 3;
  return ENCODER.levels.map((places, level) => {
    const layers = places.flatMap((place, i) => {
      const last = i === places.length - 1;
      const outputs = channels[last ? level : level - 1] as number;
      const layer = convolve(p.sub(place), inputs, outputs, init);
      inputs = outputs;
      return [...(last && level > 0 ? [pool] : []), ...layer, relu];
    });
    return chain(level === 0 ? [channelsLast, (x) => color(x, false), ...layers] : layers);
  });
}

/**
 * The mirror of `vggEncoder`: nearest upsampling instead of pooling, no normalisation.
 * @returns the steps of the decoder, by the level that they decode: relu1_1 -> images, relu2_1 -> relu1_1,
 *   relu3_1 -> relu2_1, relu4_1 -> relu3_1
 */
export function vggDecoder(p: Parameters, width = 1, init?: Init): Step[] {
  const channels = channelsOf(width);
  let inputs = channels[3] as number;
  const fromDeepest = DECODER.map((places, step) => {
    const layers = places.flatMap((place, i) => {
      const last = i === places.length - 1;
      const outputs = step === 3 ? (last ? 3 : channels[0]) : channels[last ? 2 - step : 3 - step];
      const layer = convolve(p.sub(place), inputs, outputs as number, init);
      inputs = outputs as number;
      return step === 3 && last ? layer : [...layer, relu];
    });
    return chain(step < 3 ? [...layers, double] : layers);
  });
  return fromDeepest.reverse();
}

/**
 * Between image and relu2_1, features are large. A row of relu2_1 depends on one more row above and below,
 * at half the resolution, and each of those on two; a row of the image depends on two, and each of those,
 * at half the resolution, on two.
 */
export const VGG_STRIPS = {
  down: { steps: 2, rows: 64, halo: 4, scale: 1 / 2 },
  up: { steps: 2, rows: 32, halo: 3, scale: 2 },
} as const;
