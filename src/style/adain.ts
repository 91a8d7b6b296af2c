import { autocast, mseLoss, type Precision, scope, type Tensor } from "../torch/index.js";
import type { Coder } from "./coder.js";
import { chain, LEAST_SIDE, type Step } from "./steps.js";
import { inStrips } from "./strips.js";
import type { Style } from "./style.js";

const EPS = 1e-5;

/** Mean and deviation of every channel of [N, C, h, w]: both float32 [N, C, 1, 1]. */
export function channelStatistics(features: Tensor): [mean: Tensor, deviation: Tensor] {
  const exact = features.to({ dtype: "float32" });
  const deviation = exact.variance([2, 3], 1, true).add(EPS).sqrt();
  return [exact.mean([2, 3], true), deviation];
}

/**
 * Adaptive instance normalisation: gives content features [N, C, h, w] the channels' mean and
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

/** Options of `adain`. */
export interface AdainOptions {
  readonly precision?: Precision;
  /**
   * Add the change of the decoded image to the content, instead of using the decoded image: keeps
   * what a small coder cannot reproduce, above all edges.
   */
  readonly residual?: boolean;
}

/**
 * Encoder to the last level and decoder, for images of any size without gradients. The steps next to the
 * image run in strips.
 */
function inference({ down, up, strips }: Coder): { encode: Step; decode: Step } {
  const first = chain(down.slice(0, strips.down.steps));
  const last = chain(up.slice(0, strips.up.steps).reverse());
  return {
    encode: chain([inStrips(first, strips.down), ...down.slice(strips.down.steps)]),
    decode: chain([...up.slice(strips.up.steps).reverse(), inStrips(last, strips.up)]),
  };
}

/** Exchanges statistics of deep features instead of pixels; the decoder returns an image. */
export function adain(
  coder: Coder,
  { precision = "float32", residual = false }: AdainOptions = {},
): Style {
  const { device } = coder;
  const { encode: down, decode } = inference(coder);
  const exactly = (tensor: Tensor) => tensor.to({ dtype: "float32" });
  const encode = (image: Tensor) => scope(() => exactly(down(image.unsqueeze(0).to({ device }))));
  return {
    leastSide: LEAST_SIDE,
    device,
    statistics: (style) => channelStatistics(autocast(precision, () => encode(style), device)),
    apply: (content, [mean, deviation], alpha) =>
      autocast(
        precision,
        () => {
          const features = encode(content); // float32 [1, C, h / 8, w / 8]
          const moved = adaptiveNorm(features, mean as Tensor, deviation as Tensor);
          const mixed = alpha === 1 ? moved : moved.mul(alpha).add(features.mul(1 - alpha));
          const picture = (of: Tensor) =>
            exactly(decode(of)) // the encoder rounds sizes up to multiples of 8
              .squeeze(0)
              .slice(1, 0, content.size(1))
              .slice(2, 0, content.size(2));
          const made = picture(mixed);
          return residual ? made.sub(picture(features)).add(content.to({ device })) : made;
        },
        device,
      ),
  };
}
