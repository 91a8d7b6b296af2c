import {
  batchNorm,
  type Conv2dOptions,
  conv2d,
  type Layer,
  normalInit,
  type Parameters,
  relu,
  sequential,
} from "../nn/index.js";
import { cat, type Tensor, upsampleBilinear } from "../torch/index.js";
import type { OutputStride } from "./atrous.js";
import type { Decoder } from "./decoder.js";

const SCOPES = { aux: "auxiliary", main: "decoder" } as const;
/** Channels of the decoder, and of the reduced low-level features: Chen et al. 2018, section 4.1. */
const CHANNELS = 256;
const LOW = 48;
/** Rates of the atrous branches by output stride: Chen et al. 2017 (DeepLab-v3), section 3.3. */
const RATES: Readonly<Record<OutputStride, readonly number[]>> = {
  8: [12, 24, 36],
  16: [6, 12, 18],
};

/** A convolution without bias, batch normalisation and ReLU. */
function normed(
  p: Parameters,
  inputs: number,
  outputs: number,
  kernel: number,
  options: Conv2dOptions = {},
): Layer {
  return sequential(
    conv2d(p.sub(0), inputs, outputs, kernel, { ...options, bias: false }),
    batchNorm(p.sub(1), outputs),
    relu,
  );
}

/** A depthwise 3x3 and a 1x1 convolution, each with batch normalisation and ReLU. */
function separable(p: Parameters, inputs: number, outputs: number, dilation = 1): Layer {
  const around = { padding: dilation, dilation, groups: inputs };
  return sequential(
    normed(p.sub("depthwise"), inputs, inputs, 3, around),
    normed(p.sub("pointwise"), inputs, outputs, 1),
  );
}

/**
 * Atrous spatial pyramid pooling with image pooling: Chen et al. 2017 (DeepLab-v3), section 3.3. Features
 * [N, inputs, h, w] -> [N, channels, h, w].
 *
 * The last 1x1 convolution is applied to the pooled branch separately, and its result is added after the
 * normalisation of the other branches. A value that is the same in all pixels of an image does not have
 * statistics of its own, and normalisation would remove it in a batch of one.
 */
function pyramid(p: Parameters, inputs: number, channels: number, rates: readonly number[]): Layer {
  const branches = [
    normed(p.sub("point"), inputs, channels, 1),
    ...rates.map((rate, i) => separable(p.sub("atrous").sub(i), inputs, channels, rate)),
  ];
  const pooled = sequential(
    (x) => x.mean([2, 3], true), // [N, inputs, 1, 1]
    conv2d(p.sub("pool").sub(0), inputs, channels, 1),
    relu,
    conv2d(p.sub("pool").sub(1), channels, channels, 1),
  );
  const project = sequential(
    conv2d(p.sub("project").sub(0), branches.length * channels, channels, 1, { bias: false }),
    batchNorm(p.sub("project").sub(1), channels),
  );
  return (x, training) => {
    const seen = cat(
      branches.map((branch) => branch(x, training)),
      1,
    );
    return project(seen, training).addInPlace(pooled(x, training)).reluInPlace();
  };
}

/**
 * The decoder of DeepLab-v3+ (Chen et al., ECCV 2018): concatenates the pyramid's output, upsampled to
 * stride 4, with reduced low-level features, and applies two separable convolutions and the classifier. The
 * auxiliary classifier is on the second-to-last stage, after one separable convolution.
 *
 * The features for the contrastive loss are the pyramid's output, the last before upsampling.
 */
export const deeplabV3PlusDecoder: Decoder = {
  scopes: SCOPES,
  create(parts, { channels: from, classes, width, ...options }) {
    const rates = options.rates ?? RATES[options.outputStride];
    const channels = Math.max(64, Math.round(CHANNELS * width));
    const low = Math.max(16, Math.round(LOW * width));
    const { aux, main } = parts;
    const pool = pyramid(main.sub("pyramid"), from.main, channels, rates);
    const reduce = normed(main.sub("low"), from.low, low, 1);
    const fuse = sequential(
      separable(main.sub("fuse").sub(0), channels + low, channels),
      separable(main.sub("fuse").sub(1), channels, channels),
    );
    const init = normalInit(0.01);
    const classify = conv2d(main.sub("classifier"), channels, classes, 1, { init });
    const auxiliary = sequential(
      separable(aux.sub(0), from.aux, channels),
      conv2d(aux.sub("classifier"), channels, classes, 1, { init }),
    );
    const logits = (x: Tensor) => x.to({ dtype: "float32" });
    return {
      featureSize: channels,
      leftOut: [],
      forward(features, training) {
        const pooled = pool(features.main, training);
        const outlines = reduce(features.low, training); // [N, low, H / 4, W / 4]
        const enlarged = upsampleBilinear(pooled, outlines.size(2), outlines.size(3));
        const fused = fuse(cat([enlarged, outlines], 1), training);
        return {
          aux: logits(auxiliary(features.aux, training)),
          main: logits(classify(fused, training)),
          features: pooled,
        };
      },
    };
  },
  describe(shape) {
    const classes = (scope: string) => shape(`${scope}.classifier.weight`)?.[0];
    const main = classes(SCOPES.main);
    const aux = classes(SCOPES.aux) !== undefined;
    return main === undefined ? undefined : { name: "DeepLab-v3+", classes: main, aux };
  },
};
