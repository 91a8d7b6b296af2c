// Converts images to and from a network's tensors, as plain arrays. This also runs in browsers.

import type { Size } from "../datasets/dataset.js";
import type { InputFormat } from "../datasets/input-format.js";
import { channelsOf, type Pixels } from "../datasets/resized.js";

export { resized } from "../datasets/resized.js";
export type { Pixels };

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
