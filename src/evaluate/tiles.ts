// Where the tiles of an image are. Imports types only: exported models use it without libtorch.
import type { Size } from "../datasets/dataset.js";

/** A part of one side: the pixels start..start+size-1 are predicted, from..to-1 of them are kept. */
export interface Span {
  readonly start: number;
  readonly size: number;
  readonly from: number;
  readonly to: number;
}

/** A tile of an image. */
export interface Tile {
  readonly x: Span;
  readonly y: Span;
}

/** A multiple of every stride that a network has. */
const GRID = 32;
/** The smallest side of a tile. */
export const LEAST_TILE = 4 * GRID;
/** Pixels that a tile sees around what is kept: DeepLab's widest atrous branch reaches 192. */
const MARGIN = 256;

/**
 * Overlapping tiles that cover an image, row by row. Tiles begin at multiples of 32, and their sides differ
 * from the image's by multiples of 32: so their features are where those of the whole image are, also under
 * TensorFlow's padding, which depends on the size. The sides are at most those of `tile`. Neighbours overlap
 * by half a side, or 512 pixels if that is less, and are kept up to the middle of it. An image that is smaller
 * than a tile is one tile.
 * @throws RangeError if a side of `tile` is less than `LEAST_TILE`
 */
export function tilesOf(image: Size, tile: Size): Tile[] {
  const rows = spans(image.height, tile.height);
  const columns = spans(image.width, tile.width);
  return rows.flatMap((y) => columns.map((x) => ({ x, y })));
}

function spans(length: number, most: number): Span[] {
  if (most < LEAST_TILE) throw new RangeError(`a tile has ${LEAST_TILE} pixels a side or more`);
  if (length <= most) return [{ start: 0, size: length, from: 0, to: length }];
  const last = Math.ceil((length - most) / GRID) * GRID; // where the last tile begins
  const size = length - last;
  const margin = Math.min(MARGIN, Math.max(1, Math.floor(size / 4 / GRID)) * GRID);
  const step = Math.max(1, Math.floor((size - 2 * margin) / GRID)) * GRID;
  const starts: number[] = [];
  for (let start = 0; start < last; start += step) starts.push(start);
  starts.push(last);
  const middle = (i: number) => {
    const overlap = (starts[i - 1] as number) + size - (starts[i] as number);
    return (starts[i] as number) + Math.floor(overlap / 2 / GRID) * GRID;
  };
  return starts.map((start, i) => ({
    start,
    size,
    from: i === 0 ? 0 : middle(i),
    to: start === last ? length : middle(i + 1),
  }));
}
