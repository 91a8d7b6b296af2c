// Enlarges and shrinks pictures. Imports types only: this also runs in browsers.

import type { Size } from "./dataset.js";

/** RGB or RGBA bytes, row by row: [height * width * 3] or [height * width * 4]. */
export interface Pixels<Bytes = Uint8Array | Uint8ClampedArray> extends Size {
  readonly data: Bytes;
}

/** 3 or 4. */
export const channelsOf = ({ data, width, height }: Pixels) => data.length / (width * height);

/**
 * Resizes an image to RGB: bicubic (Catmull-Rom), with a wider window for downscaling, and the edge repeated. The centre
 * of the picture stays where it is, as in labels; libvips moves a picture by half a pixel when it enlarges it.
 * @param image [height * width * 3 or 4]
 * @returns [height * width * 3]
 */
export function resized(image: Pixels, { width, height }: Size): Pixels<Uint8ClampedArray> {
  const step = channelsOf(image);
  const columns = windows(image.width, width);
  const rows = windows(image.height, height);
  const narrow = new Float32Array(image.height * width * 3);
  for (let y = 0, at = 0; y < image.height; y++) {
    const row = y * image.width * step;
    for (const { start, weights } of columns) {
      for (let c = 0; c < 3; c++, at++) {
        let sum = 0;
        for (let k = 0, from = row + start * step + c; k < weights.length; k++, from += step) {
          sum += (weights[k] as number) * (image.data[from] as number);
        }
        narrow[at] = sum;
      }
    }
  }
  const stride = width * 3;
  const data = new Uint8ClampedArray(height * stride); // rounds and clamps
  const line = new Float32Array(stride);
  for (const [y, { start, weights }] of rows.entries()) {
    line.fill(0);
    for (const [k, weight] of weights.entries()) {
      const from = (start + k) * stride;
      for (let i = 0; i < stride; i++) {
        line[i] = (line[i] as number) + weight * (narrow[from + i] as number);
      }
    }
    data.set(line, y * stride);
  }
  return { data, width, height };
}

/** For every output position along a side, the input positions and their weights. */
function windows(from: number, to: number): { start: number; weights: Float32Array }[] {
  const ratio = from / to;
  const stretch = Math.max(1, ratio);
  return Array.from({ length: to }, (_, i) => {
    const centre = (i + 0.5) * ratio - 0.5;
    const first = Math.ceil(centre - 2 * stretch);
    const last = Math.floor(centre + 2 * stretch);
    const start = Math.max(0, first);
    const weights = new Float32Array(Math.min(from - 1, last) - start + 1);
    for (let k = first; k <= last; k++) {
      const inside = Math.min(from - 1, Math.max(0, k)) - start; // repeats the edge
      weights[inside] = (weights[inside] as number) + catmullRom((k - centre) / stretch);
    }
    const sum = weights.reduce((total, weight) => total + weight, 0);
    return { start, weights: weights.map((weight) => weight / sum) };
  });
}

function catmullRom(distance: number): number {
  const x = Math.abs(distance);
  if (x < 1) return 1.5 * x ** 3 - 2.5 * x ** 2 + 1;
  return x < 2 ? -0.5 * x ** 3 + 2.5 * x ** 2 - 4 * x + 2 : 0;
}
