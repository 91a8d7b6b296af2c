import type { Parameters } from "../nn/index.js";
import type { Tensor } from "../torch/index.js";
import type { OutputStride } from "./atrous.js";
import type { FeatureExtractor, Features, PublishedWeights, ShapeOf } from "./backbone.js";

/** The output of a decoder. */
export interface Prediction {
  /** Logits of the auxiliary classifier, float32 [N, classes, h, w], at the backbone's output stride. */
  readonly aux: Tensor;
  /** Logits of the main classifier, float32 [N, classes, h', w'], at the decoder's own stride. */
  readonly main: Tensor;
  /** The input of the projection head, [N, D, h, w], at the backbone's output stride. */
  readonly features: Tensor;
}

/** Options of a decoder. */
export interface DecoderOptions {
  /** Channels of its input. */
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
  /** D, the number of channels of `features`. */
  readonly featureSize: number;
  /** Parts of published classifiers that this decoder does not have. */
  readonly leftOut: PublishedWeights["leftOut"];
  /** With `training`, layers normalise by the batch's statistics. */
  forward(features: Features, training: boolean): Prediction;
}

/** An entry of `decoders`. */
export interface Decoder {
  /** The prefixes of the names of the auxiliary and the main classifier's parameters. */
  readonly scopes: Readonly<Record<"aux" | "main", string>>;
  /** Creates a decoder with its parameters in `aux` and `main`. */
  create(
    parts: Readonly<Record<"aux" | "main", Parameters>>,
    options: DecoderOptions,
  ): DecoderParts;
  /**
   * Describes the decoder in a file; undefined if the file does not have the main classifier of this one.
   */
  describe(shape: ShapeOf): DecoderFile | undefined;
}

/** The decoder in a file. */
export interface DecoderFile {
  /** E.g. "DeepLab-v2". */
  readonly name: string;
  readonly classes: number;
  /** Whether it also has the auxiliary classifier. */
  readonly aux: boolean;
}
