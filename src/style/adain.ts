import { createParameters, type Init, type Parameters } from "../nn/index.js";
import { mseLoss, type Tensor } from "../torch/index.js";
import type { Style } from "./style.js";
import { type Decoder, type Encoder, vggDecoder, vggEncoder } from "./vgg.js";

const EPS = 1e-5;

/** Encoder and decoder with their parameters, `vgg.*` and `decoder.*`. */
export interface Coder {
  readonly parameters: Parameters;
  readonly encode: Encoder;
  readonly decode: Decoder;
  readonly width: number;
}

/** A pair of fresh weights. @param width multiplies every channel count; 1 is the published pair */
export function createCoder(width = 1, device = "cpu", init?: Init): Coder {
  const parameters = createParameters(device);
  return {
    parameters,
    encode: vggEncoder(parameters.sub("vgg"), width, init),
    decode: vggDecoder(parameters.sub("decoder"), width, init),
    width,
  };
}

/** Mean and deviation of every channel of [N, C, h, w]: both [N, C, 1, 1]. */
export function channelStatistics(features: Tensor): [mean: Tensor, deviation: Tensor] {
  const deviation = features.variance([2, 3], 1, true).add(EPS).sqrt();
  return [features.mean([2, 3], true), deviation];
}

/**
 * Adaptive instance normalisation: content features [N, C, h, w] with the channels' mean and
 * deviation of the style. Huang & Belongie, ICCV 2017, eq. 8.
 */
export function adaptiveNorm(content: Tensor, mean: Tensor, deviation: Tensor): Tensor {
  const [own, spread] = channelStatistics(content);
  return content.sub(own).div(spread).mul(deviation).add(mean);
}

/** The losses that train a decoder: Huang & Belongie 2017, eq. 12 and 13. */
export function adainLosses(
  { encode, decode }: Coder,
  content: Tensor,
  style: Tensor,
): { content: Tensor; style: Tensor } {
  const styleLevels = encode(style);
  const [mean, deviation] = channelStatistics(styleLevels[3]);
  const wanted = adaptiveNorm(encode(content)[3], mean, deviation).detach();
  const made = encode(decode(wanted));
  const parts = made.map((features, level) => {
    const [ownMean, ownDeviation] = channelStatistics(features);
    const [theirMean, theirDeviation] = channelStatistics(styleLevels[level] as Tensor);
    return mseLoss(ownMean, theirMean.detach()).add(mseLoss(ownDeviation, theirDeviation.detach()));
  });
  return {
    content: mseLoss(made[3], wanted),
    style: parts.reduce((sum, part) => sum.add(part)),
  };
}

/** Statistics of deep features instead of pixels, brought back to a picture by the decoder. */
export function adain({ encode, decode }: Coder): Style {
  return {
    statistics: (style) => channelStatistics(encode(style.unsqueeze(0))[3]),
    apply(content, [mean, deviation], alpha) {
      const features = encode(content.unsqueeze(0))[3];
      const moved = adaptiveNorm(features, mean as Tensor, deviation as Tensor);
      const mixed = alpha === 1 ? moved : moved.mul(alpha).add(features.mul(1 - alpha));
      return decode(mixed) // the encoder rounds sizes up to eights
        .squeeze(0)
        .slice(1, 0, content.size(1))
        .slice(2, 0, content.size(2));
    },
  };
}
