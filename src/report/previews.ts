import { mkdirSync } from "node:fs";
import { join } from "node:path";
import sharp from "sharp";
import { colorize, overlay } from "../datasets/colorize.js";
import type { ClassSet, Dataset, Size } from "../datasets/dataset.js";
import { type PredictOptions, predictLabels } from "../evaluate/index.js";
import type { Network } from "../network/index.js";

/** RGB pixels as a PNG file. */
export async function writeRgb(
  path: string,
  rgb: Uint8Array,
  { width, height }: Size,
): Promise<void> {
  await sharp(rgb, { raw: { width, height, channels: 3 } })
    .png()
    .toFile(path);
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

/** Image, prediction laid over it, and, where known, the truth: one row, RGB. */
export function previewRow(
  image: Uint8Array,
  prediction: Uint8Array,
  label: Uint8Array | undefined,
  classes: ClassSet,
  size: Size,
): { rgb: Uint8Array; size: Size } {
  const pictures = [image, overlay(image, prediction, classes)];
  if (label) pictures.push(colorize(label, classes));
  return { rgb: beside(pictures, size), size: { ...size, width: size.width * pictures.length } };
}

/** Writes `folder/<name>-<i>.png` for images spread evenly over a data set. */
export async function writePreviews(
  folder: string,
  name: string,
  network: Network,
  dataset: Dataset,
  size: Size,
  count: number,
  options: PredictOptions = {},
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const shown = Math.min(count, dataset.names.length);
  for (let i = 0; i < shown; i++) {
    const sample = await dataset.load(Math.floor((i * dataset.names.length) / shown), size);
    const prediction = predictLabels(network, sample, size, options);
    const row = previewRow(sample.image, prediction, sample.label, dataset.classes, size);
    await writeRgb(join(folder, `${name}-${i}.png`), row.rgb, row.size);
  }
}
