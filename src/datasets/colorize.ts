import { type ClassSet, IGNORE } from "./dataset.js";

/**
 * Paints a label in the colours of its classes, and IGNORE black.
 * [height * width] -> RGB [height * width * 3]
 */
export function colorize(label: Uint8Array, classes: ClassSet): Uint8Array {
  const table = colorTable(classes);
  const rgb = new Uint8Array(label.length * 3);
  for (let pixel = 0, at = 0; pixel < label.length; pixel++, at += 3) {
    const entry = (label[pixel] as number) * 3;
    rgb[at] = table[entry] as number;
    rgb[at + 1] = table[entry + 1] as number;
    rgb[at + 2] = table[entry + 2] as number;
  }
  return rgb;
}

/**
 * Blends the colours of the classes over an image with `opacity` 0..1; pixels that are IGNORE keep the
 * image. RGB [height * width * 3] and [height * width] -> RGB [height * width * 3]
 */
export function overlay(
  image: Uint8Array,
  label: Uint8Array,
  classes: ClassSet,
  opacity = 0.6,
): Uint8Array {
  const rgb = colorize(label, classes);
  for (let at = 0; at < rgb.length; at++) {
    const seen = label[(at / 3) | 0] === IGNORE ? 0 : opacity;
    rgb[at] = Math.round((1 - seen) * (image[at] as number) + seen * (rgb[at] as number));
  }
  return rgb;
}

/** Colours of the values 0..255, [256 * 3]; black for values that are not classes. */
function colorTable({ colors }: ClassSet): Uint8Array {
  const table = new Uint8Array(256 * 3);
  for (const [trainId, color] of colors.entries()) table.set(color, trainId * 3);
  return table;
}
