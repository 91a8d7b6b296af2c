// Labels of an image from its tiles, as plain arrays. Imports types only: this also runs in browsers.
import type { Size } from "../datasets/dataset.js";
import type { Span, Tile } from "../evaluate/tiles.js";
import type { Pixels } from "./pixels.js";

/** The pixels of a tile. */
export function cropped({ data, width, height }: Pixels, { x, y }: Tile): Pixels {
  const step = data.length / (width * height);
  const stride = x.size * step;
  const part = new Uint8Array(stride * y.size);
  for (let row = 0; row < y.size; row++) {
    const at = ((y.start + row) * width + x.start) * step;
    part.set(data.subarray(at, at + stride), row * stride);
  }
  return { data: part, width: x.size, height: y.size };
}

/** Labels of a whole image that tiles fill in. */
export interface TiledLabels extends Size {
  /** [height * width] */
  readonly labels: Uint8Array;
  /** The size of the image that the tiles are parts of. */
  readonly image: Size;
}

/** One output position along a side: the values of a tile before and after it, and the share of the latter. */
type Place = readonly [output: number, before: number, after: number, share: number];

/**
 * Fills in the kept part of a tile from its logits [classes, from.height, from.width]: bilinear with aligned
 * corners, both of the whole image and of the tile.
 */
export function fillFromLogits(
  { labels, image, ...output }: TiledLabels,
  { x, y }: Tile,
  logits: Float32Array,
  classes: number,
  from: Size,
): void {
  const columns = placesOf(x, image.width, output.width, from.width);
  const plane = from.width * from.height;
  for (const [row, above, below, down] of placesOf(y, image.height, output.height, from.height)) {
    for (const [column, left, right, along] of columns) {
      let [best, most] = [0, Number.NEGATIVE_INFINITY];
      for (let c = 0, at = 0; c < classes; c++, at += plane) {
        const value = (place: number) => logits[at + place] as number;
        const [a, b] = [above * from.width, below * from.width];
        const upper = (1 - along) * value(a + left) + along * value(a + right);
        const lower = (1 - along) * value(b + left) + along * value(b + right);
        const mixed = (1 - down) * upper + down * lower;
        if (mixed > most) [best, most] = [c, mixed];
      }
      labels[row * output.width + column] = best;
    }
  }
}

/** Fills in the kept part of a tile from its labels [from.height, from.width], by nearest neighbour. */
export function fillFromLabels(
  { labels, image, ...output }: TiledLabels,
  { x, y }: Tile,
  found: Uint8Array,
  from: Size,
): void {
  const columns = nearestTo(x, image.width, output.width, from.width);
  for (const [row, above] of nearestTo(y, image.height, output.height, from.height)) {
    for (const [column, left] of columns) {
      labels[row * output.width + column] = found[above * from.width + left] as number;
    }
  }
}

function placesOf(span: Span, image: number, output: number, from: number): Place[] {
  const ratio = output > 1 ? (image - 1) / (output - 1) : 0;
  const scale = span.size > 1 ? (from - 1) / (span.size - 1) : 0;
  return outputs(output).flatMap((at): Place[] => {
    const pixel = at * ratio;
    if (!isKept(pixel, span, image)) return [];
    const place = (pixel - span.start) * scale;
    const before = Math.min(from - 1, Math.floor(place));
    return [[at, before, Math.min(from - 1, before + 1), place - before]];
  });
}

function nearestTo(span: Span, image: number, output: number, from: number): [number, number][] {
  return outputs(output).flatMap((at): [number, number][] => {
    const pixel = ((at + 0.5) * image) / output;
    if (!isKept(pixel, span, image)) return [];
    const place = Math.floor(((pixel - span.start) * from) / span.size);
    return [[at, Math.min(from - 1, place)]];
  });
}

const outputs = (length: number): number[] => Array.from({ length }, (_, at) => at);

/** Every position belongs to one tile; the last one ends with the image. */
const isKept = (pixel: number, { from, to }: Span, image: number): boolean =>
  pixel >= from && (pixel < to || to === image);
