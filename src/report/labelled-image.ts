import sharp from "sharp";
import { overlay } from "../datasets/colorize.js";
import type { ClassSet, Size } from "../datasets/dataset.js";

/** An image and its labels: RGB [height * width * 3], train ids [height * width]. */
export interface LabelledImage extends Size {
  readonly image: Uint8Array;
  readonly labels: Uint8Array;
}

/** Writes the labels as a grey PNG of train ids, and the image under their colours as a JPEG. */
export async function writeLabelled(
  { image, labels, width, height }: LabelledImage,
  classes: ClassSet,
  to: { readonly labels: string; readonly overlay: string },
): Promise<void> {
  const raw = (channels: 1 | 3) => ({ raw: { width, height, channels } });
  await sharp(labels, raw(1)).toColourspace("b-w").png().toFile(to.labels);
  await sharp(overlay(image, labels, classes), raw(3))
    .jpeg({ quality: 90 })
    .toFile(to.overlay);
}
