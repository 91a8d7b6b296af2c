import type { InputFormat } from "../datasets/input-format.js";
import type { Init, Parameters } from "../nn/index.js";
import type { Tensor } from "../torch/index.js";
import type { OutputStride } from "./atrous.js";

/**
 * The features of images [N, 3, H, W]. At output stride s, h = ~H / s and w = ~W / s. Do not overwrite the
 * maps: the backbone may need them for its gradient.
 */
export interface Features {
  /** Of the last layer at stride 4, [N, C, ~H / 4, ~W / 4]: low-level features for a decoder. */
  readonly low: Tensor;
  /** Of the second-to-last stage, [N, C, h, w]: the input of the auxiliary classifier. */
  readonly aux: Tensor;
  /** Of the last stage, [N, C, h, w]. */
  readonly main: Tensor;
}

/** A backbone with its parameters. */
export interface FeatureExtractor {
  /** C of each map. */
  readonly channels: Readonly<Record<keyof Features, number>>;
  /** Images [N, 3, H, W] -> features. With `training`, layers normalise by the batch's statistics. */
  forward(images: Tensor, training: boolean): Features;
}

/** Options of a backbone. */
export interface BackboneOptions {
  /** Multiplies every channel count; 1 is the published network. */
  readonly width: number;
  /** Initialises the weights of convolutions. */
  readonly init: Init;
  readonly outputStride: OutputStride;
}

/** The shape of a file's tensor by its name; undefined if the file does not have it. */
export type ShapeOf = (name: string) => readonly number[] | undefined;

/** Our name and axes of a tensor in a published file. */
export interface Translation {
  readonly name: string;
  /** The axis of the published tensor for each of our axes; the same axes if omitted. */
  readonly axes?: readonly number[];
}

/** How to recognise and read published weights of a backbone. All names are ours, after `translate`. */
export interface PublishedWeights {
  /** A tensor that every file has. Its prefix in a file, such as `module.`, is the prefix of all names. */
  readonly anchor: string;
  /** Describes a file that has the anchor. */
  describe(shape: ShapeOf): {
    /** E.g. "ResNet-101". */
    readonly name: string;
    /** The name of the backbone that can load the file; undefined if none can. */
    readonly backbone: string | undefined;
    readonly width: number;
    /** The number of classes of the file's image classifier, if it has one. */
    readonly imageClasses: number | undefined;
  };
  /** Parts of such files that a backbone does not have, by the scope of their names: "fc". */
  readonly leftOut: readonly {
    readonly scope: string;
    /** A note for users who load such a file. */
    readonly hint?: string;
  }[];
  /** If omitted, files have our names and axes. */
  translate?(name: string): Translation;
}

/** An entry of `backbones`. */
export interface Backbone {
  /** Creates a backbone with its parameters in `p`. */
  create(p: Parameters, options: BackboneOptions): FeatureExtractor;
  /** The format of pixels that its published weights expect. */
  readonly input: InputFormat;
  readonly published: PublishedWeights;
  /**
   * How many times the optimiser of CFContra's reference updates the parameter `name` in one step; once if
   * omitted (docs/fidelity.md, 1).
   */
  duplicates?(name: string): number;
}
