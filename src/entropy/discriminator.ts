import { UserError } from "../errors.js";
import { conv2d, type Layer, leakyRelu, type Parameters, uniformInit } from "../nn/index.js";
import type { Tensor } from "../torch/index.js";

/** Channels of the five convolutions' outputs. */
const CHANNELS = [64, 128, 256, 512, 1] as const;
const LEAST = 2 ** CHANNELS.length;

/**
 * Classifies the domain of a map: [N, inputs, H, W] -> logits [N, 1, H / 32, W / 32], one per patch.
 * Five 4x4 convolutions of stride 2 with leaky ReLUs of slope 0.2 between them.
 * Tsai et al., AdaptSegNet, CVPR 2018, section 4.2.
 */
export function discriminator(p: Parameters, inputs: number): Layer {
  let from = inputs;
  const layers = CHANNELS.map((to, i) => {
    const layer = conv2d(p.sub(i), from, to, 4, { stride: 2, padding: 1, init: uniformInit });
    from = to;
    return layer;
  });
  return (x, training) => {
    const [height, width] = [x.size(2), x.size(3)];
    if (height < LEAST || width < LEAST) {
      throw new UserError(
        "size-mismatch",
        `the images are ${width}x${height} pixels, but the discriminator needs at least ${LEAST}x${LEAST}: ` +
          "increase sizes.source and sizes.target",
      );
    }
    return layers.reduce(
      (value, layer, i) => layer(i === 0 ? value : leakyRelu(0.2)(value, training), training),
      x,
    );
  };
}

/** The losses of discriminators; see `domainLoss`. */
export const ADVERSARIES = ["vanilla", "least-squares"] as const;

/** The labels of a discriminator, 0 and 1 as in AdaptSegNet. */
export type Domain = "source" | "target";

/**
 * The loss of a discriminator's logits against `domain` for all patches, mean over patches:
 * cross-entropy of a sigmoid (Goodfellow et al. 2014), or least squares (Mao et al., ICCV 2017).
 */
export function domainLoss(
  logits: Tensor,
  domain: Domain,
  kind: (typeof ADVERSARIES)[number] = "vanilla",
): Tensor {
  switch (kind) {
    case "vanilla": // -log sigmoid(x) = softplus(-x); -log(1 - sigmoid(x)) = softplus(x)
      return (domain === "target" ? logits.neg() : logits).softplus().mean();
    case "least-squares":
      return (domain === "target" ? logits.sub(1) : logits).pow(2).mean();
    default:
      return kind satisfies never;
  }
}
