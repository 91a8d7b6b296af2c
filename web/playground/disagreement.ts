import type { Segmentation } from "../../src/export/segmenter.js";
import { resizedTo } from "../../src/report/change-map.js";

/** Where two networks differ: 1 for a pixel with different classes, [height * width] of the first. */
export function disagreement(one: Segmentation, other: Segmentation): Uint8Array {
  const { ids } = resizedTo({ ...other, ids: other.labels }, one);
  return one.labels.map((label, i) => (label === ids[i] ? 0 : 1));
}

/** The share of pixels that are 1. */
export const shareOf = (mask: Uint8Array): number =>
  mask.reduce((sum, one) => sum + one, 0) / mask.length;
