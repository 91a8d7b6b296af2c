import sharp from "sharp";
import type { Size } from "../datasets/dataset.js";
import { writeAtomically } from "../write-atomically.js";

const raw = ({ width, height }: Size, channels: 1 | 3) => ({ raw: { width, height, channels } });

/** RGB pixels [height * width * 3] as a PNG. */
export const rgbPng = (rgb: Uint8Array, size: Size): Promise<Buffer> =>
  sharp(rgb, raw(size, 3)).png().toBuffer();

/** Grey pixels [height * width] as a PNG of one channel. */
export const greyPng = (grey: Uint8Array, size: Size): Promise<Buffer> =>
  sharp(grey, raw(size, 1)).toColourspace("b-w").png().toBuffer();

/** RGB pixels [height * width * 3] as a JPEG. */
export const jpeg = (rgb: Uint8Array, size: Size): Promise<Buffer> =>
  sharp(rgb, raw(size, 3)).jpeg({ quality: 88 }).toBuffer();

/** Writes RGB pixels as a PNG file. */
export async function writeRgb(path: string, rgb: Uint8Array, size: Size): Promise<void> {
  writeAtomically(path, await rgbPng(rgb, size));
}

/** Pictures of one size side by side, RGB. */
export function beside(pictures: readonly Uint8Array[], { width, height }: Size): Uint8Array {
  const stride = width * 3;
  const row = new Uint8Array(stride * height * pictures.length);
  for (const [i, picture] of pictures.entries()) {
    for (let y = 0; y < height; y++) {
      row.set(picture.subarray(y * stride, (y + 1) * stride), (y * pictures.length + i) * stride);
    }
  }
  return row;
}
