import type { ClassSet, Size } from "../datasets/dataset.js";
import {
  changeCaption,
  changeLayer,
  errorCaption,
  errorLayer,
  type LabelMap,
  type Rgba,
} from "./change-map.js";
import type { Column } from "./comparison-sheet.js";

/**
 * The columns "error" of the second of two predictions, and "change" from the first to the second, of the same
 * images: train ids [height * width] each. The captions are over all of these images.
 */
export function changeColumns(
  truth: readonly Uint8Array[],
  before: readonly Uint8Array[],
  after: readonly Uint8Array[],
  size: Size,
  { colors }: ClassSet,
): [error: Column, change: Column] {
  const [one, two, three] = [stacked(truth, size), stacked(before, size), stacked(after, size)];
  const error = errorLayer(one, three, colors);
  const change = changeLayer(one, two, three);
  const pictures = (rgba: Rgba) => cut(rgba, truth.length);
  return [
    { title: "error", caption: errorCaption(error), pictures: pictures(error.rgba) },
    { title: "change", caption: changeCaption(change), pictures: pictures(change.rgba) },
  ];
}

/** Maps of one size below each other. */
function stacked(maps: readonly Uint8Array[], { width, height }: Size): LabelMap {
  const ids = new Uint8Array(width * height * maps.length);
  for (const [i, map] of maps.entries()) ids.set(map, i * width * height);
  return { ids, width, height: height * maps.length };
}

/** RGBA pixels in parts of one length, as RGB. */
function cut(rgba: Rgba, parts: number): Uint8Array[] {
  const rgb = Uint8Array.from({ length: (rgba.length / 4) * 3 }, (_, i) => {
    const pixel = Math.floor(i / 3);
    return rgba[pixel * 4 + (i % 3)] as number;
  });
  const length = rgb.length / parts;
  return Array.from({ length: parts }, (_, i) => rgb.subarray(i * length, (i + 1) * length));
}
