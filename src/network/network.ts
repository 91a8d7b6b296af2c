import type { InputFormat } from "../datasets/input-format.js";
import type { ParameterSet, Parameters } from "../nn/index.js";
import type { Tensor } from "../torch/index.js";
import type { Backbone, PublishedWeights } from "./backbone.js";
import type { Prediction } from "./decoder.js";

/** The parameters of a network by part. The names of a head begin with its `scope`; the backbone has none. */
export interface NetworkParts {
  readonly backbone: Parameters;
  /** The auxiliary classifier. */
  readonly aux: Parameters;
  /** The main classifier. */
  readonly main: Parameters;
  /** The projection head; empty where it is "none". */
  readonly projection: Parameters;
}

/** A segmentation network with its projection head: images to logits and features. */
export interface Network {
  /** Those of all parts, under the names of a state dict. */
  readonly parameters: ParameterSet;
  readonly parts: NetworkParts;
  /** What its backbone is. */
  readonly backbone: Backbone;
  /** Parts of published classifiers that this network does not have. */
  readonly leftOut: PublishedWeights["leftOut"];
  readonly classes: number;
  /** D, the length of a feature. */
  readonly featureSize: number;
  readonly input: InputFormat;
  readonly device: string;
  /** Images [N, 3, H, W] in `input` format -> prediction. */
  forward(images: Tensor, training: boolean): Prediction;
  /** Features [N, D, h, w] -> the prototypes' space [N, D, h, w]. */
  project(features: Tensor, training: boolean): Tensor;
  /** Another network of this shape, with fresh parameters of its own. */
  twin(): Network;
}
