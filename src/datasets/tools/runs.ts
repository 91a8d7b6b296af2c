import type { Size } from "../dataset.js";
import type { Paint } from "./regions.js";

/** A part of an image, in pixels. */
export interface Box extends Size {
  readonly left: number;
  readonly top: number;
}

/**
 * A mask as lengths of runs that are in turn outside and inside of it, starting outside.
 * @param by the direction of the runs: COCO's go down the columns, CVAT's along the rows
 * @throws Error if they do not cover the box exactly
 */
export function runs(counts: readonly number[], box: Box, by: "columns" | "rows"): Paint {
  if (counts.some((count) => !Number.isInteger(count) || count < 0)) {
    throw new Error("the RLE contains numbers that are not lengths");
  }
  const covered = counts.reduce((sum, count) => sum + count, 0);
  if (covered !== box.width * box.height) {
    throw new Error(
      `the RLE covers ${covered} pixels, but ${box.width}x${box.height} are ${box.width * box.height}`,
    );
  }
  return ({ values, width, height }, value) => {
    let at = 0;
    for (const [index, count] of counts.entries()) {
      if (index % 2 === 1) {
        for (let pixel = at; pixel < at + count; pixel++) {
          const [x, y] =
            by === "columns"
              ? [Math.floor(pixel / box.height), pixel % box.height]
              : [pixel % box.width, Math.floor(pixel / box.width)];
          const [column, row] = [box.left + x, box.top + y];
          if (column < 0 || row < 0 || column >= width || row >= height) continue;
          values[row * width + column] = value;
        }
      }
      at += count;
    }
  };
}

/**
 * The run lengths in the compressed string of a COCO RLE: five bits per character, lowest first, as
 * differences to the length before the last (`rleFrString` of cocoapi's maskApi.c).
 * @throws Error if it ends too early or contains other characters
 */
export function compressedCounts(text: string): number[] {
  const counts: number[] = [];
  for (let at = 0; at < text.length; ) {
    let value = 0;
    for (let bits = 0, more = true; more; bits += 5) {
      const code = at < text.length ? text.charCodeAt(at++) - 48 : -1;
      if (code < 0 || code > 63 || bits > 30) throw new Error("the compressed RLE is damaged");
      value += (code & 31) * 2 ** bits;
      more = (code & 32) !== 0;
      if (!more && (code & 16) !== 0) value -= 2 ** (bits + 5);
    }
    counts.push(counts.length > 2 ? value + (counts[counts.length - 2] as number) : value);
  }
  return counts;
}
