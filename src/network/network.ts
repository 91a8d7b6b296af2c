import type { InputFormat } from "../datasets/input-format.js";
import type { ParameterSet, Parameters } from "../nn/index.js";
import type { Tensor } from "../torch/index.js";
import type { Backbone, PublishedWeights } from "./backbone.js";
import type { Prediction } from "./decoder.js";

/** The parameters of a network by part. The names of a head begin with its `scope`; the backbone does not have a scope. */
export interface NetworkParts {
  readonly backbone: Parameters;
  /** The auxiliary classifier. */
  readonly aux: Parameters;
  /** The main classifier. */
  readonly main: Parameters;
  /** The projection head; empty if it is "none". */
  readonly projection: Parameters;
}

/** A segmentation network with its projection head: images to logits and features. */
export interface Network {
  /** The parameters of all parts, under the names of a state dict. */
  readonly parameters: ParameterSet;
  readonly parts: NetworkParts;
  /** The registry's entry of its backbone. */
  readonly backbone: Backbone;
  /** Parts of published classifiers that this network does not have. */
  readonly leftOut: PublishedWeights["leftOut"];
  readonly classes: number;
  /** D, the number of channels of features. */
  readonly featureSize: number;
  readonly input: InputFormat;
  readonly device: string;
  /** Images [N, 3, H, W] in `input` format -> prediction. */
  forward(images: Tensor, training: boolean): Prediction;
  /** Features [N, D, h, w] -> the space of the prototypes, [N, D, h, w]. */
  project(features: Tensor, training: boolean): Tensor;
  /** Creates another network with the same options, and new parameters. */
  twin(): Network;
}
