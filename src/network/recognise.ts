import { prefixesOf } from "../nn/index.js";
import type { Backbone, ShapeOf } from "./backbone.js";
import { backbones } from "./backbones.js";
import { describeDeepLabV2 } from "./deeplab-v2.js";
import { translated } from "./published.js";

type Shape = readonly number[];

/**
 * What a file's tensors look like, in words, e.g. "DeepLab-v2 ResNet-101, 19 classes"; undefined where
 * nothing here knows them.
 */
export function recognise(
  tensors: ReadonlyMap<string, { readonly shape: Shape }>,
): string | undefined {
  const shapes = new Map([...tensors].map(([name, { shape }]) => [name, shape]));
  for (const backbone of Object.values(backbones)) {
    const found = onBackbone(backbone, shapes);
    if (found !== undefined) return found;
  }
  return coderOf(shapes);
}

function onBackbone(backbone: Backbone, shapes: ReadonlyMap<string, Shape>): string | undefined {
  const { anchor, describe } = backbone.published;
  const permuted = (shape: Shape, axes: readonly number[]) =>
    axes.map((axis) => shape[axis] as number);
  const ours = translated(shapes, backbone, permuted);
  const [prefix] = prefixesOf(ours.keys(), anchor);
  if (prefix === undefined) return undefined;
  const shapeOf: ShapeOf = (name) => ours.get(prefix + name);
  const { name, width, imageClasses } = describe(shapeOf);
  const words = width === 1 ? name : `${name} at width ${width}`;
  const segmentation = describeDeepLabV2(words, shapeOf);
  if (segmentation !== undefined) return segmentation;
  return imageClasses === undefined
    ? `${words}, the backbone alone`
    : `${words} that classifies images, ${imageClasses} classes`;
}

/** AdaIN's published pair. style/ reads it, which network/ may not import. */
function coderOf(shapes: ReadonlyMap<string, Shape>): string | undefined {
  const kernel = (name: string) => String(shapes.get(name)?.slice(1)); // [in, h, w]
  if (!shapes.has("28.weight")) return undefined;
  if (kernel("0.weight") === "3,1,1") return "AdaIN's encoder, a VGG-19";
  if (kernel("1.weight") === "512,3,3") return "AdaIN's decoder";
  return undefined;
}
