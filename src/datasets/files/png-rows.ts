import { inflateSync } from "node:zlib";
import type { Size } from "../dataset.js";

/** What the header of a PNG states. */
export interface PngHeader extends Size {
  /** Bits of a sample: 1, 2, 4, 8 or 16. */
  readonly depth: number;
  /** 1: grey or palette index; 2: grey, alpha; 3: RGB; 4: RGBA. */
  readonly channels: number;
  /** Whether the samples are indices of a palette. */
  readonly indexed: boolean;
  readonly interlaced: boolean;
}

/**
 * The samples in the IDAT chunks of a PNG as stored: [height * width * channels].
 * @throws Error if they are damaged, or more or fewer than the header states
 */
export function readSamples(compressed: Uint8Array, header: PngHeader): Uint8Array | Uint16Array {
  const { width, height, depth, channels } = header;
  const rows = inflated(compressed, header);
  const length = width * height * channels;
  const samples = depth === 16 ? new Uint16Array(length) : new Uint8Array(length);
  let at = 0;
  for (const pass of passesOf(header)) {
    const rowBytes = bytesPerRow(pass, header);
    unfilter(rows, at, pass.height, rowBytes, Math.max(1, (channels * depth) / 8));
    for (let y = 0; y < pass.height; y++, at += rowBytes + 1) {
      const row = rows.subarray(at + 1, at + 1 + rowBytes);
      const place = ((pass.y + y * pass.yStep) * width + pass.x) * channels;
      if (depth === 8 && pass.xStep === 1) samples.set(row, place);
      else placeRow(row, pass, header, samples, place);
    }
  }
  return samples;
}

/** The pixels of an interlaced image that are stored together: from (x, y) on, in steps. */
interface Pass extends Size {
  readonly x: number;
  readonly y: number;
  readonly xStep: number;
  readonly yStep: number;
}

/** x, y, xStep, yStep of Adam7. */
const ADAM7 = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

function passesOf({ width, height, interlaced }: PngHeader): Pass[] {
  if (!interlaced) return [{ width, height, x: 0, y: 0, xStep: 1, yStep: 1 }];
  return ADAM7.map(([x, y, xStep, yStep]) => ({
    width: Math.ceil((width - x) / xStep),
    height: Math.ceil((height - y) / yStep),
    ...{ x, y, xStep, yStep },
  })).filter((pass) => pass.width > 0 && pass.height > 0);
}

const bytesPerRow = ({ width }: Size, { depth, channels }: PngHeader) =>
  Math.ceil((width * channels * depth) / 8);

/** The rows of all passes, each after its filter byte. Inflates no more than the header states. */
function inflated(compressed: Uint8Array, header: PngHeader): Uint8Array {
  const needed = passesOf(header)
    .map((pass) => pass.height * (1 + bytesPerRow(pass, header)))
    .reduce((sum, bytes) => sum + bytes, 0);
  const rows = inflateRows(compressed, needed);
  if (rows.length < needed) throw new Error("rows are missing");
  return rows;
}

function inflateRows(compressed: Uint8Array, needed: number): Uint8Array {
  try {
    return inflateSync(compressed, { maxOutputLength: needed, chunkSize: 2 ** 18 });
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    throw new Error(
      code === "ERR_BUFFER_TOO_LARGE" ? "it contains more pixels than its header states" : message,
      { cause: error },
    );
  }
}

/** Unpacks a row of a pass and writes its pixels to the image, the first at `place`. */
function placeRow(
  row: Uint8Array,
  { width, xStep }: Pass,
  { depth, channels }: PngHeader,
  samples: Uint8Array | Uint16Array,
  place: number,
): void {
  const mask = (1 << depth) - 1;
  for (let pixel = 0, i = 0; pixel < width; pixel++) {
    const to = place + pixel * xStep * channels;
    for (let c = 0; c < channels; c++, i++) {
      if (depth === 16)
        samples[to + c] = ((row[2 * i] as number) << 8) | (row[2 * i + 1] as number);
      else {
        const bit = i * depth;
        samples[to + c] = ((row[bit >> 3] as number) >> (8 - depth - (bit & 7))) & mask;
      }
    }
  }
}

/** Reverts the filters of rows in place (ISO/IEC 15948, 9.2); `step` is the number of bytes per pixel. */
function unfilter(rows: Uint8Array, start: number, height: number, rowBytes: number, step: number) {
  let above: Uint8Array = new Uint8Array(rowBytes);
  for (let y = 0; y < height; y++) {
    const at = start + y * (rowBytes + 1);
    const row = rows.subarray(at + 1, at + 1 + rowBytes);
    const filter = rows[at] as number;
    if (filter > 4) throw new Error("a row has an unknown filter");
    if (filter !== 0) unfilterRow(row, above, filter, step);
    above = row;
  }
}

function unfilterRow(row: Uint8Array, above: Uint8Array, filter: number, step: number): void {
  for (let i = 0; i < row.length; i++) {
    const left = i < step ? 0 : (row[i - step] as number);
    const up = above[i] as number;
    let guess = up;
    if (filter === 1) guess = left;
    else if (filter === 3) guess = (left + up) >> 1;
    else if (filter === 4) guess = paeth(left, up, i < step ? 0 : (above[i - step] as number));
    row[i] = (row[i] as number) + guess;
  }
}

function paeth(left: number, up: number, upLeft: number): number {
  const toLeft = Math.abs(up - upLeft);
  const toUp = Math.abs(left - upLeft);
  const toUpLeft = Math.abs(left + up - 2 * upLeft);
  if (toLeft <= toUp && toLeft <= toUpLeft) return left;
  return toUp <= toUpLeft ? up : upLeft;
}
