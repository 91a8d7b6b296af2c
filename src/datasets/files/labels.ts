import { UserError } from "../../errors.js";
import type { RawLabel, Size } from "../dataset.js";
import { decodePng, isPng, type Png } from "./png.js";
import { readRegular, whyUnreadable } from "./regular-file.js";

/**
 * Reads a label PNG. As ids: palette indices, grey levels (1 to 16 bit), or the first of several
 * 16-bit channels (SYNTHIA's form). As colours: 0xrrggbb of any 8-bit PNG.
 * @throws UserError naming the file, where it is no PNG, damaged, or coded in another way
 */
export async function readLabel(path: string, key: "id" | "color" = "id"): Promise<RawLabel> {
  const bytes = await readRegular(path).catch((error: unknown) => {
    throw new UserError(
      "label-unreadable",
      `${path}: the label cannot be read (${whyUnreadable(error)}); check that it exists and is readable.`,
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

/** Nearest-neighbour resize at pixel centres, the rule of PIL: [h * w] -> [height * width]. */
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
      `${path}: ${bytes.length === 0 ? "the file is empty" : "this is not a PNG"}; labels must be ` +
        "PNG files of ids (JPEG would blur the ids of neighbouring classes).",
    );
  }
  try {
    return decodePng(bytes);
  } catch (error) {
    throw new UserError(
      "label-unreadable",
      `${path}: the PNG is truncated or damaged (${whyUnreadable(error)}); copy or unpack it again.`,
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
    // Grey saved as RGB is common and harmless; real colours are not ids. 16-bit channels
    // beyond the first carry instance ids.
    if (depth === 8 && channels >= 3 && (first !== samples[at + 1] || first !== samples[at + 2])) {
      throw new UserError(
        "label-value",
        `${path}: the label holds colours (${hex(samples, at)} at x ${pixel % width}, ` +
          `y ${Math.floor(pixel / width)}), ids were expected: use the label-id files, or give ` +
          '`mapping` with colours as keys, such as "#804080": road.',
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
        `${path}: index ${index} is not in the palette of the PNG; write the file again.`,
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

/** The colours of the grey levels of a depth. As in viewers, the largest level is white. */
const greys = (depth: number): Uint32Array =>
  Uint32Array.from({ length: 2 ** depth }, (_, level) => 0x010101 * eightBit(level, depth));

/** A grey level of up to 8 bits as one of 8 bits: the 1 of 1 bit is 255. */
export const eightBit = (level: number, depth: number): number => (255 * level) / (2 ** depth - 1);

function hex(samples: Png["samples"], at: number): string {
  return `#${Buffer.from(samples.subarray(at, at + 3)).toString("hex")}`;
}
