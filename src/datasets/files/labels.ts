import { readFile } from "node:fs/promises";
import { type DecodedPng, decode, hasPngSignature } from "fast-png";
import { UserError } from "../../errors.js";
import type { RawLabel, Size } from "../dataset.js";
import { whyUnreadable } from "./images.js";

/**
 * Reads a label PNG. As ids: palette indices, grey levels (1 to 16 bit), or the first of several
 * 16-bit channels (SYNTHIA's form). As colours: 0xrrggbb of any 8-bit PNG.
 * sharp would expand palettes to colours, hence fast-png.
 * @throws UserError naming the file, where it is no PNG, damaged, or coded in another way
 */
export async function readLabel(path: string, key: "id" | "color" = "id"): Promise<RawLabel> {
  let bytes: Uint8Array;
  try {
    bytes = await readFile(path);
  } catch (error) {
    throw new UserError(
      "label-unreadable",
      `${path}: the label cannot be read (${whyUnreadable(error)}); check that it exists and is readable.`,
    );
  }
  return decodeLabel(bytes, path, key);
}

/** The label in the bytes of a PNG; see `readLabel`. `path` is for messages. */
export function decodeLabel(bytes: Uint8Array, path: string, key: "id" | "color"): RawLabel {
  const png = decodePng(bytes, path);
  const { width, height, depth } = png;
  const unpacked = depth < 8 ? { ...png, data: unpackBits(png) } : png;
  const values = key === "id" ? idsOf(unpacked, path) : colorsOf(unpacked, path);
  return { width, height, depth, values };
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

function decodePng(bytes: Uint8Array, path: string): DecodedPng {
  if (!hasPngSignature(bytes)) {
    throw new UserError(
      "label-unreadable",
      `${path}: ${bytes.length === 0 ? "the file is empty" : "this is not a PNG"}; labels must be ` +
        "PNG files of ids (JPEG would blur the ids of neighbouring classes).",
    );
  }
  try {
    return decode(bytes, { checkCrc: true });
  } catch (error) {
    throw new UserError(
      "label-unreadable",
      `${path}: the PNG is truncated or damaged (${whyUnreadable(error)}); copy or unpack it again.`,
    );
  }
}

function idsOf(png: DecodedPng, path: string): RawLabel["values"] {
  const { data, channels, depth } = png;
  if (channels === 1) return plain(data);
  const ids =
    depth === 16 ? new Uint16Array(data.length / channels) : new Uint8Array(data.length / channels);
  for (let pixel = 0, at = 0; pixel < ids.length; pixel++, at += channels) {
    const first = data[at] as number;
    // Grey saved as RGB is common and harmless; real colours are not ids. 16-bit channels
    // beyond the first carry instance ids.
    if (depth === 8 && channels >= 3 && (first !== data[at + 1] || first !== data[at + 2])) {
      throw new UserError(
        "label-value",
        `${path}: the label holds colours (${hex(data, at)} at x ${pixel % png.width}, ` +
          `y ${Math.floor(pixel / png.width)}), ids were expected: use the label-id files, or give ` +
          '`mapping` with colours as keys, such as "#804080": road.',
      );
    }
    ids[pixel] = first;
  }
  return ids;
}

function colorsOf(png: DecodedPng, path: string): Uint32Array {
  const { data, channels, depth, palette } = png;
  if (depth === 16) {
    throw new UserError(
      "conflicting-options",
      `${path}: the label is a 16-bit PNG, but the keys of \`mapping\` are colours: use ids as keys.`,
    );
  }
  const colors = new Uint32Array(data.length / channels);
  for (let pixel = 0, at = 0; pixel < colors.length; pixel++, at += channels) {
    const grey = data[at] as number;
    const [r, g, b] =
      channels >= 3
        ? [grey, data[at + 1] as number, data[at + 2] as number]
        : (palette?.[grey] ?? [grey, grey, grey]);
    colors[pixel] = ((r as number) << 16) | ((g as number) << 8) | (b as number);
  }
  return colors;
}

/** 1-, 2- and 4-bit samples, packed into bytes row by row -> one byte each, [height * width]. */
function unpackBits({ data, width, height, depth }: DecodedPng): Uint8Array {
  const perByte = 8 / depth;
  const bytesPerRow = Math.ceil(width / perByte);
  const unpacked = new Uint8Array(width * height);
  for (let y = 0, pixel = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      const byte = data[y * bytesPerRow + Math.floor(x / perByte)] as number;
      unpacked[pixel++] = (byte >> (8 - depth * ((x % perByte) + 1))) & ((1 << depth) - 1);
    }
  }
  return unpacked;
}

function plain(data: DecodedPng["data"]): Uint8Array | Uint16Array {
  return data instanceof Uint8ClampedArray ? new Uint8Array(data.buffer) : data;
}

function hex(data: DecodedPng["data"], at: number): string {
  return `#${Buffer.from(data.subarray(at, at + 3)).toString("hex")}`;
}
