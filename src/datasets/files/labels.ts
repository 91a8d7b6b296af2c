import { UserError } from "../../errors.js";
import type { RawLabel, Size } from "../dataset.js";
import { decodePng, isPng, type Png } from "./png.js";
import { readRegular, whyUnreadable } from "./regular-file.js";

/**
 * Reads a label PNG. As ids: palette indices, grey levels (1 to 16 bits), or the first of several
 * 16-bit channels (SYNTHIA). As colours: 0xrrggbb of a PNG of up to 8 bits.
 * @throws UserError naming the file if it is not a PNG, is damaged, or contains the other of the two
 */
export async function readLabel(path: string, key: "id" | "color" = "id"): Promise<RawLabel> {
  const bytes = await readRegular(path).catch((error: unknown) => {
    throw new UserError(
      "label-unreadable",
      `${path}: the label cannot be read (${whyUnreadable(error)}): check the file.`,
      { cause: error },
    );
  });
  return decodeLabel(bytes, path, key);
}

/** The label in the bytes of a PNG; see `readLabel`. `path` is for messages. */
export function decodeLabel(bytes: Uint8Array, path: string, key: "id" | "color"): RawLabel {
  const png = decoded(bytes, path);
  const { width, height, depth, palette } = png;
  const values = key === "id" ? idsOf(png, path) : colorsOf(png, path);
  return { width, height, depth, indexed: palette !== undefined, values };
}

/** Nearest-neighbour resize at pixel centres, as in PIL: [h * w] -> [height * width]. */
export function resizeNearest(values: Uint8Array, from: Size, to: Size): Uint8Array {
  if (from.width === to.width && from.height === to.height) return values;
  const columns = Uint32Array.from({ length: to.width }, (_, x) =>
    nearestIndex(x, from.width, to.width),
  );
  const resized = new Uint8Array(to.width * to.height);
  for (let y = 0, pixel = 0; y < to.height; y++) {
    const row = nearestIndex(y, from.height, to.height) * from.width;
    for (let x = 0; x < to.width; x++) {
      resized[pixel++] = values[row + (columns[x] as number)] as number;
    }
  }
  return resized;
}

function nearestIndex(index: number, from: number, to: number): number {
  return Math.min(from - 1, Math.floor(((index + 0.5) * from) / to));
}

function decoded(bytes: Uint8Array, path: string): Png {
  if (!isPng(bytes)) {
    throw new UserError(
      "label-unreadable",
      `${path}: the label ${bytes.length === 0 ? "is empty" : "is not a PNG"}: store labels as PNG files ` +
        "(JPEG would mix the ids of neighbouring classes).",
    );
  }
  try {
    return decodePng(bytes);
  } catch (error) {
    throw new UserError(
      "label-unreadable",
      `${path}: the PNG is truncated or damaged (${whyUnreadable(error)}): copy or unpack it again.`,
      { cause: error },
    );
  }
}

function idsOf({ samples, channels, depth, width }: Png, path: string): RawLabel["values"] {
  if (channels === 1) return samples;
  const length = samples.length / channels;
  const ids = depth === 16 ? new Uint16Array(length) : new Uint8Array(length);
  for (let pixel = 0, at = 0; pixel < ids.length; pixel++, at += channels) {
    const first = samples[at] as number;
    // Grey that is stored as RGB is common and harmless; colours are not ids. In 16-bit labels, the
    // other channels are instance ids.
    if (depth === 8 && channels >= 3 && (first !== samples[at + 1] || first !== samples[at + 2])) {
      throw new UserError(
        "label-value",
        `${path}: the label contains colours (${hex(samples, at)} at x ${pixel % width}, ` +
          `y ${Math.floor(pixel / width)}) instead of ids: use the label-id files, or a \`mapping\` ` +
          'whose keys are colours, such as "#804080": road.',
      );
    }
    ids[pixel] = first;
  }
  return ids;
}

function colorsOf({ samples, channels, depth, palette }: Png, path: string): Uint32Array {
  if (depth === 16) {
    throw new UserError(
      "conflicting-options",
      `${path}: the label is a 16-bit PNG, but the keys of \`mapping\` are colours: use ids as keys.`,
    );
  }
  const colors = new Uint32Array(samples.length / channels);
  if (channels >= 3) {
    for (let pixel = 0, at = 0; pixel < colors.length; pixel++, at += channels) {
      colors[pixel] = colorAt(samples, at);
    }
    return colors;
  }
  const table = palette ? colorTable(palette) : greys(depth);
  for (let pixel = 0; pixel < colors.length; pixel++) {
    const index = samples[pixel * channels] as number;
    const color = table[index];
    if (color === undefined) {
      throw new UserError(
        "label-unreadable",
        `${path}: index ${index} is not in the palette of the PNG: export the file again.`,
      );
    }
    colors[pixel] = color;
  }
  return colors;
}

/** Three 8-bit samples as 0xrrggbb. */
const colorAt = (samples: Png["samples"], at: number): number =>
  ((samples[at] as number) << 16) |
  ((samples[at + 1] as number) << 8) |
  (samples[at + 2] as number);

const colorTable = (palette: Uint8Array): Uint32Array =>
  Uint32Array.from({ length: palette.length / 3 }, (_, index) => colorAt(palette, 3 * index));

/** The colours of the grey levels of a depth: as in viewers, the largest level is white. */
const greys = (depth: number): Uint32Array =>
  Uint32Array.from({ length: 2 ** depth }, (_, level) => 0x010101 * eightBit(level, depth));

/** A grey level of up to 8 bits scaled to 8 bits: 1 of 1 bit is 255. */
export const eightBit = (level: number, depth: number): number => (255 * level) / (2 ** depth - 1);

function hex(samples: Png["samples"], at: number): string {
  return `#${Buffer.from(samples.subarray(at, at + 3)).toString("hex")}`;
}
