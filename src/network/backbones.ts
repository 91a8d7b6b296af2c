import type { Backbone } from "./backbone.js";
import { mobilenetV1 } from "./mobilenet-v1.js";
import { mobilenetV2 } from "./mobilenet-v2.js";
import { resnet18, resnet34, resnet50, resnet50v15, resnet101, resnet101v15 } from "./resnet.js";

/** All backbones by their names in a configuration. To add a backbone, add a line. */
export const backbones = {
  resnet18,
  resnet34,
  resnet50,
  resnet101,
  "resnet50-v1.5": resnet50v15,
  "resnet101-v1.5": resnet101v15,
  mobilenetv1: mobilenetV1,
  mobilenetv2: mobilenetV2,
} as const satisfies Readonly<Record<string, Backbone>>;

/** A name of `backbones`. */
export type BackboneName = keyof typeof backbones;
/** The names of all backbones. */
export const BACKBONES = Object.keys(backbones) as BackboneName[];
