import type { InputFormat } from "../datasets/input-format.js";
import type { Init, Parameters } from "../nn/index.js";
import type { Tensor } from "../torch/index.js";
import type { OutputStride } from "./atrous.js";

/**
 * What a backbone makes of images [N, 3, H, W]. At output stride s, h = ~H / s and w = ~W / s. Maps are not
 * to be overwritten: the backbone may need them for its gradient.
 */
export interface Features {
  /** Of the last layer at stride 4, [N, C, ~H / 4, ~W / 4]: the outlines that a decoder adds. */
  readonly low: Tensor;
  /** Of the last stage but one, [N, C, h, w]: the input of the auxiliary classifier. */
  readonly aux: Tensor;
  /** Of the last stage, [N, C, h, w]. */
  readonly main: Tensor;
}

/** A backbone over its parameters. */
export interface FeatureExtractor {
  /** C of each map. */
  readonly channels: Readonly<Record<keyof Features, number>>;
  /** Images [N, 3, H, W] -> features. `training` decides whose statistics normalise. */
  forward(images: Tensor, training: boolean): Features;
}

/** How a backbone is built. */
export interface BackboneOptions {
  /** Multiplies every channel count; 1 is the published network. */
  readonly width: number;
  /** How convolutions start. */
  readonly init: Init;
  readonly outputStride: OutputStride;
}

/** The shape of a file's tensor by its name; undefined where the file has none of this name. */
export type ShapeOf = (name: string) => readonly number[] | undefined;

/** A tensor of a published file under the name that it has here. */
export interface Translation {
  readonly name: string;
  /** Which axis of the published tensor each axis of ours is; the same ones when omitted. */
  readonly axes?: readonly number[];
}

/** How published files of a backbone's weights are known and read. All names are ours, translated. */
export interface PublishedWeights {
  /** A tensor that every file has. What precedes it there, such as `module.`, precedes all names. */
  readonly anchor: string;
  /** What a file with the anchor is, e.g. "ResNet-101". */
  describe(shape: ShapeOf): {
    readonly name: string;
    /** The name of the backbone that starts from it; undefined where there is none. */
    readonly backbone: string | undefined;
    readonly width: number;
    /** How many classes of images the file's classifier knows, where it has one. */
    readonly imageClasses: number | undefined;
  };
  /** What such files have and a backbone does not, by the scope of the names: "fc". */
  readonly leftOut: readonly {
    readonly scope: string;
    /** What a user who starts from such a file should know. */
    readonly hint?: string;
  }[];
  /** Files have our names and axes when omitted. */
  translate?(name: string): Translation;
}

/** An entry of `backbones`. */
export interface Backbone {
  /** A new backbone with its parameters in `p`. */
  create(p: Parameters, options: BackboneOptions): FeatureExtractor;
  /** What its published weights expect of pixels. */
  readonly input: InputFormat;
  readonly published: PublishedWeights;
  /**
   * How often the optimiser of CFContra's reference updates the parameter `name` in one step; once when
   * omitted (docs/fidelity.md, 1).
   */
  duplicates?(name: string): number;
}
