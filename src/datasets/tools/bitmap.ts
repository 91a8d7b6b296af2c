import { decodePng, isPng } from "../files/png.js";
import type { Paint } from "./regions.js";

/**
 * A mask that is stored as a PNG, with its upper left corner at `left`, `top` of the image. Pixels that are
 * not 0 belong to it; if it has alpha, those with alpha. It is decoded when it is drawn.
 */
export const bitmap =
  (bytes: () => Uint8Array, left: number, top: number): Paint =>
  ({ values, width, height }, value) => {
    const png = bytes();
    if (!isPng(png)) throw new Error("the mask is not a PNG");
    const { samples, channels, ...mask } = decodePng(png);
    for (let y = 0, at = channels - 1; y < mask.height; y++) {
      for (let x = 0; x < mask.width; x++, at += channels) {
        const [column, row] = [left + x, top + y];
        if (column < 0 || row < 0 || column >= width || row >= height) continue;
        if (channels % 2 === 0 || channels === 1 ? samples[at] : any(samples, at)) {
          values[row * width + column] = value;
        }
      }
    }
  };

/** Whether one of the three channels up to `at` is not 0. */
const any = (samples: ArrayLike<number>, at: number): boolean =>
  samples[at] !== 0 || samples[at - 1] !== 0 || samples[at - 2] !== 0;
