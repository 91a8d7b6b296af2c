import type { Size } from "../../datasets/dataset.js";

/** The longer side of a first training: minutes on a CPU. */
const LONGER = 320;

/**
 * A size for training that keeps the aspect of `size`: the longer side near 320 pixels, and the nearest
 * whole number for the other. Never larger than `size`, nor smaller than 16 pixels.
 */
export function proposeSize({ width, height }: Size): Size {
  const longer = Math.max(width, height);
  const shorter = Math.min(width, height);
  let best = { longer: Math.min(LONGER, longer), error: Number.POSITIVE_INFINITY };
  for (let side = Math.min(LONGER, longer); side >= Math.min(288, longer); side--) {
    const exact = (side * shorter) / longer;
    // A pixel of the longer side counts a thousandth: only a better aspect is worth it.
    const error = Math.abs(Math.round(exact) - exact) / exact + (LONGER - side) / 1000 / LONGER;
    if (error < best.error) best = { longer: side, error };
  }
  const other = Math.round((best.longer * shorter) / longer);
  const [w, h] = width >= height ? [best.longer, other] : [other, best.longer];
  return { width: Math.max(16, w), height: Math.max(16, h) };
}
