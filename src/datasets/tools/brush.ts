import type { Size } from "../dataset.js";
import type { Paint } from "./regions.js";

/**
 * A brush mask of Label Studio: RGBA bytes of the whole image in the run-length code of
 * @thi.ng/rle-pack, as decoded by label-studio-converter's `decode_rle`. Pixels with alpha belong to it.
 * @throws Error if it is damaged, or of another size
 */
export function brush(code: Uint8Array, { width, height }: Size): Paint {
  const pixels = bitReader(code)(32) / 4;
  if (pixels !== width * height) {
    throw new Error(
      `the RLE covers ${pixels} pixels, but ${width}x${height} are ${width * height}`,
    );
  }
  return (canvas, value) => {
    for (const [from, to] of alphaRuns(code)) {
      for (let pixel = from; pixel < to; pixel++) {
        const [x, y] = [pixel % width, Math.floor(pixel / width)];
        if (x < canvas.width && y < canvas.height) canvas.values[y * canvas.width + x] = value;
      }
    }
  };
}

/** Returns the next `count` bits as a number. */
function bitReader(bytes: Uint8Array): (count: number) => number {
  let at = 0;
  return (count) => {
    if (at + count > bytes.length * 8) throw new Error("the RLE ends too early");
    let value = 0;
    for (let i = 0; i < count; i++, at++) {
      value = value * 2 + (((bytes[at >> 3] as number) >> (7 - (at & 7))) & 1);
    }
    return value;
  };
}

/** Runs [from, to) of pixels whose alpha, every fourth byte, is not 0. */
function* alphaRuns(code: Uint8Array): Generator<readonly [number, number]> {
  const read = bitReader(code);
  const bytes = read(32);
  const word = read(5) + 1;
  const lengths = Array.from({ length: 4 }, () => read(4) + 1);
  for (let at = 0; at < bytes; ) {
    const repeated = read(1) === 1;
    const length = read(lengths[read(2)] as number) + 1;
    const end = Math.min(bytes, at + length);
    if (repeated) {
      const value = read(word);
      // Alpha bytes are at 3, 7, 11, ...
      if (value > 0) yield [Math.ceil((at - 3) / 4), Math.ceil((end - 3) / 4)];
      at = end;
    } else {
      for (; at < end; at++) {
        if (read(word) > 0 && at % 4 === 3) yield [(at - 3) / 4, (at + 1) / 4];
      }
    }
  }
}
