import sharp from "sharp";
import type { Size } from "../datasets/dataset.js";
import { writeAtomically } from "../write-atomically.js";

/** RGB pixels as a PNG file. */
export async function writeRgb(
  path: string,
  rgb: Uint8Array,
  { width, height }: Size,
): Promise<void> {
  const picture = sharp(rgb, { raw: { width, height, channels: 3 } });
  writeAtomically(path, await picture.png().toBuffer());
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
