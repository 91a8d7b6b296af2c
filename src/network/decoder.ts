import type { Parameters } from "../nn/index.js";
import type { Tensor } from "../torch/index.js";
import type { OutputStride } from "./atrous.js";
import type { FeatureExtractor, Features, PublishedWeights, ShapeOf } from "./backbone.js";

/** What a decoder makes of a backbone's features. */
export interface Prediction {
  /** Logits of the auxiliary classifier, float32 [N, classes, h, w], at the backbone's output stride. */
  readonly aux: Tensor;
  /** Logits of the main classifier, float32 [N, classes, h', w'], at the decoder's own stride. */
  readonly main: Tensor;
  /** What the projection sees, [N, D, h, w], at the backbone's output stride. */
  readonly features: Tensor;
}

/** What a decoder is built on. */
export interface DecoderOptions {
  /** Of the features that it gets. */
  readonly channels: FeatureExtractor["channels"];
  readonly outputStride: OutputStride;
  readonly classes: number;
  /** Multiplies the channel counts of the backbone. */
  readonly width: number;
  /** Dilations of the atrous branches. Default those of the paper. */
  readonly rates?: readonly number[] | undefined;
}

/** A decoder with its parameters. */
export interface DecoderParts {
  /** D, the length of a feature. */
  readonly featureSize: number;
  /** Parts of published classifiers that this decoder does not have. */
  readonly leftOut: PublishedWeights["leftOut"];
  /** `training` decides whose statistics normalise. */
  forward(features: Features, training: boolean): Prediction;
}

/** An entry of `decoders`. */
export interface Decoder {
  /** What the names of the auxiliary and of the main classifier's parameters begin with. */
  readonly scopes: Readonly<Record<"aux" | "main", string>>;
  /** A new decoder with its parameters in `aux` and `main`. */
  create(
    parts: Readonly<Record<"aux" | "main", Parameters>>,
    options: DecoderOptions,
  ): DecoderParts;
  /**
   * What a file's decoder is if it has the main classifier of this one, undefined if it has not.
   */
  describe(shape: ShapeOf): DecoderFile | undefined;
}

/** What a file's decoder is. */
export interface DecoderFile {
  /** E.g. "DeepLab-v2". */
  readonly name: string;
  readonly classes: number;
  /** Whether it has the auxiliary classifier, too. */
  readonly aux: boolean;
}
