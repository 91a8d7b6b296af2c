import type { InputFormat } from "../datasets/input-format.js";
import type { Init, Parameters } from "../nn/index.js";
import type { Tensor } from "../torch/index.js";
import { mobilenetV1 } from "./mobilenet-v1.js";
import { RESNETS, type ResNetName, resnet } from "./resnet.js";

/** Image [N, 3, H, W] -> the outputs of its third and fourth stage, [N, C, ~H/8, ~W/8]. */
export interface Backbone {
  (x: Tensor, training: boolean): { layer3: Tensor; layer4: Tensor };
  readonly channels: { readonly layer3: number; readonly layer4: number };
  /** What its published weights expect of pixels. */
  readonly input: InputFormat;
  /** The tensors of a published file under the names, and in the layout, that they have here. */
  published(tensors: ReadonlyMap<string, Tensor>): ReadonlyMap<string, Tensor>;
}

/** A name of `BACKBONES`. */
export type BackboneName = ResNetName | "mobilenetv1";
/** What a DeepLab-v2 may stand on. */
export const BACKBONES: readonly BackboneName[] = [...RESNETS, "mobilenetv1"];

/** @param width multiplies every channel count; 1 is the published network */
export function createBackbone(
  p: Parameters,
  name: BackboneName,
  width: number,
  init: Init,
): Backbone {
  return name === "mobilenetv1" ? mobilenetV1(p, width, init) : resnet(p, name, width, init);
}
