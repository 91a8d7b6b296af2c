import sharp, { type OverlayOptions } from "sharp";
import type { Size } from "../datasets/dataset.js";
import { escapeXml } from "./xml.js";

/** Colours of sheets of pictures, on a dark background. */
export const COLOR = { paper: "#17191d", ink: "#f1f1ef", faint: "#8b9098" } as const;

/** Pixels of a picture with their size: RGB [height * width * 3]. */
export interface Sheet {
  readonly rgb: Uint8Array;
  readonly size: Size;
}

/** Draws SVG elements on a plain background, and pictures over them. */
export async function sheet(
  { width, height }: Size,
  paper: string,
  svg: readonly string[],
  pictures: readonly OverlayOptions[] = [],
): Promise<Sheet> {
  const drawing =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">` +
    `<rect width="100%" height="100%" fill="${paper}"/>${svg.join("")}</svg>`;
  const rgb = await sharp(Buffer.from(drawing))
    .composite([...pictures])
    .removeAlpha()
    .raw()
    .toBuffer();
  return {
    rgb: new Uint8Array(rgb.buffer, rgb.byteOffset, rgb.length),
    size: { width, height },
  };
}

/** RGB pixels [height * width * 3] at a position of a sheet. */
export const pictureAt = (
  rgb: Uint8Array,
  { width, height }: Size,
  left: number,
  top: number,
): OverlayOptions => ({
  input: Buffer.from(rgb),
  raw: { width, height, channels: 3 },
  left,
  top,
});

/** Text in SVG, which starts at (x, y) by default. */
export const text = (
  x: number,
  y: number,
  words: string,
  size: number,
  fill: string,
  { weight = "normal", anchor = "start" } = {},
): string =>
  `<text x="${x}" y="${y}" font-size="${size}" font-weight="${weight}" text-anchor="${anchor}" fill="${fill}">${escapeXml(words)}</text>`;
