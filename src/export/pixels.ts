// Converts images to and from a network's tensors, as plain arrays. Imports types only: this also runs
// in browsers.

import type { Size } from "../datasets/dataset.js";
import type { InputFormat } from "../datasets/input-format.js";

/** RGB or RGBA bytes, row by row: [height * width * 3] or [height * width * 4]. */
export interface Pixels extends Size {
  readonly data: Uint8Array | Uint8ClampedArray;
}

const channelsOf = ({ data, width, height }: Pixels) => data.length / (width * height);

/** The input of a network: float32 [3, height, width], in the order of its channels. */
export function networkInput(image: Pixels, { order, mean, scale }: InputFormat): Float32Array {
  const step = channelsOf(image);
  const plane = image.width * image.height;
  const out = new Float32Array(3 * plane);
  for (let c = 0; c < 3; c++) {
    const from = order === "bgr" ? 2 - c : c;
    const offset = mean[c] as number;
    for (let i = 0, at = from; i < plane; i++, at += step) {
      out[c * plane + i] = ((image.data[at] as number) - offset) * scale;
    }
  }
  return out;
}

/** Resizes an image to RGB: bicubic (Catmull-Rom), with a wider window for downscaling. */
export function resized(image: Pixels, { width, height }: Size): Pixels {
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

/**
 * Logits [classes, from.height, from.width] -> the most probable class of every pixel of `to`, and
 * optionally its entropy (0 certain, 1 uniform); bilinear with aligned corners, as in training.
 */
export function decide(
  logits: Float32Array,
  classes: number,
  from: Size,
  to: Size,
  withEntropy = false,
): { labels: Uint8Array; entropy?: Float32Array } {
  const labels = new Uint8Array(to.width * to.height);
  const entropy = new Float32Array(withEntropy ? labels.length : 0);
  const plane = from.width * from.height;
  const ratio = { x: ratioOf(from.width, to.width), y: ratioOf(from.height, to.height) };
  const row = new Float32Array(classes * from.width);
  const pixel = new Float32Array(classes);
  for (let y = 0, at = 0; y < to.height; y++) {
    const [above, below, down] = neighbours(y * ratio.y, from.height);
    for (let c = 0, i = 0; c < classes; c++) {
      const a = c * plane + above * from.width;
      const b = c * plane + below * from.width;
      for (let x = 0; x < from.width; x++, i++) {
        row[i] = (1 - down) * (logits[a + x] as number) + down * (logits[b + x] as number);
      }
    }
    for (let x = 0; x < to.width; x++, at++) {
      const [left, right, along] = neighbours(x * ratio.x, from.width);
      let best = 0;
      for (let c = 0, i = 0; c < classes; c++, i += from.width) {
        const value = (1 - along) * (row[i + left] as number) + along * (row[i + right] as number);
        pixel[c] = value;
        if (value > (pixel[best] as number)) best = c;
      }
      labels[at] = best;
      if (withEntropy) entropy[at] = entropyOf(pixel, pixel[best] as number);
    }
  }
  return withEntropy ? { labels, entropy } : { labels };
}

const ratioOf = (from: number, to: number) => (to > 1 ? (from - 1) / (to - 1) : 0);

function neighbours(place: number, size: number): [number, number, number] {
  const before = Math.min(size - 1, Math.floor(place));
  return [before, Math.min(size - 1, before + 1), place - before];
}

/** Normalised entropy, 0..1, of the softmax of logits with a known maximum. */
function entropyOf(logits: Float32Array, largest: number): number {
  let sum = 0;
  let weighted = 0;
  for (const value of logits) {
    const e = Math.exp(value - largest);
    sum += e;
    weighted += e * (value - largest);
  }
  return (Math.log(sum) - weighted / sum) / Math.log(Math.max(2, logits.length));
}

/** Resizes a map of one number per pixel, by nearest neighbour. */
export function nearest<T extends Uint8Array | Float32Array>(map: T, from: Size, to: Size): T {
  if (from.width === to.width && from.height === to.height) return map;
  const out = map.slice(0, 0).constructor as new (length: number) => T;
  const result = new out(to.width * to.height);
  for (let y = 0, at = 0; y < to.height; y++) {
    const row = Math.floor(((y + 0.5) * from.height) / to.height) * from.width;
    for (let x = 0; x < to.width; x++, at++) {
      result[at] = map[row + Math.floor(((x + 0.5) * from.width) / to.width)] as number;
    }
  }
  return result;
}
