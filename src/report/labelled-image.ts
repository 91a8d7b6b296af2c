import { overlay } from "../datasets/colorize.js";
import type { ClassSet, Size } from "../datasets/dataset.js";
import { writeAtomically } from "../write-atomically.js";
import { greyPng, jpeg } from "./pictures.js";

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
  const size = { width, height };
  writeAtomically(to.labels, await greyPng(labels, size));
  writeAtomically(to.overlay, await jpeg(overlay(image, labels, classes), size));
}
