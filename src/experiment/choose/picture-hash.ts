import type { Size } from "../../datasets/dataset.js";

const COLUMNS = 9;
const ROWS = 8;
/**
 * Bits by which the hashes of two pictures of one view differ at most. Of 31 125 pairs of Cityscapes images of
 * different streets, less than one in a thousand is as near; of CamVid's frames, a second apart, one in four.
 */
export const NEAR = 10;

/**
 * The difference hash of an image, RGB [height * width * 3]: 64 bits, each telling whether one of 9x8 cells is
 * brighter than the next in its row. Pictures of one view differ in few bits, whatever their exposure.
 * Krawetz, "Kind of Like That", 2013.
 */
export function pictureHash(image: Uint8Array, { width, height }: Size): bigint {
  const sums = new Float64Array(COLUMNS * ROWS);
  const counts = new Float64Array(COLUMNS * ROWS);
  for (let y = 0, at = 0; y < height; y++) {
    const row = Math.floor((y * ROWS) / height) * COLUMNS;
    for (let x = 0; x < width; x++, at += 3) {
      const cell = row + Math.floor((x * COLUMNS) / width);
      const luma =
        0.299 * (image[at] as number) +
        0.587 * (image[at + 1] as number) +
        0.114 * (image[at + 2] as number);
      sums[cell] = (sums[cell] as number) + luma;
      counts[cell] = (counts[cell] as number) + 1;
    }
  }
  const mean = (cell: number) => (sums[cell] as number) / Math.max(1, counts[cell] as number);
  let hash = 0n;
  for (let row = 0; row < ROWS; row++) {
    for (let column = 0; column < COLUMNS - 1; column++) {
      const cell = row * COLUMNS + column;
      hash = (hash << 1n) | (mean(cell) > mean(cell + 1) ? 1n : 0n);
    }
  }
  return hash;
}

/** The number of bits in which two hashes differ. */
export function hashDistance(a: bigint, b: bigint): number {
  let bits = 0;
  for (let rest = a ^ b; rest > 0n; rest &= rest - 1n) bits++;
  return bits;
}
