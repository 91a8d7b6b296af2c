import sharp, { type OverlayOptions } from "sharp";
import type { Sample, Size } from "../datasets/dataset.js";

/** Content, style and results of one method. */
export interface StyleRow {
  readonly method: string;
  /** What stands under the method's name. */
  readonly note: string;
  readonly pictures: readonly Pick<Sample, "image">[];
}

const LEFT = 104;
const HEADER = 34;
const GAP = 4;
const BETWEEN = 14;
const COLOR = { paper: "#17191d", ink: "#f1f1ef", faint: "#8b9098" };

/**
 * Groups of rows of pictures of one size, a group for each content image, under the columns' titles.
 * @returns RGB [height * width * 3] and its size
 */
export async function styleSheet(
  titles: readonly string[],
  groups: readonly (readonly StyleRow[])[],
  cell: Size,
): Promise<{ rgb: Uint8Array; size: Size }> {
  const width = LEFT + titles.length * (cell.width + GAP) + GAP;
  const left = (column: number) => LEFT + column * (cell.width + GAP);
  const pictures: OverlayOptions[] = [];
  const words = titles.map((title, column) =>
    text(left(column) + cell.width / 2, 22, title, 14, COLOR.ink, "middle"),
  );
  let top = HEADER;
  for (const rows of groups) {
    for (const { method, note, pictures: row } of rows) {
      words.push(text(12, top + cell.height / 2, method, 14, COLOR.ink));
      words.push(text(12, top + cell.height / 2 + 18, note, 11, COLOR.faint));
      for (const [column, { image }] of row.entries()) {
        const raw = { ...cell, channels: 3 as const };
        pictures.push({ input: Buffer.from(image), raw, left: left(column), top });
      }
      top += cell.height + GAP;
    }
    top += BETWEEN;
  }
  const size = { width, height: top };
  const svg =
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${top}" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">` +
    `<rect width="100%" height="100%" fill="${COLOR.paper}"/>${words.join("")}</svg>`;
  const rgb = await sharp(Buffer.from(svg)).composite(pictures).removeAlpha().raw().toBuffer();
  return { rgb: new Uint8Array(rgb.buffer, rgb.byteOffset, rgb.length), size };
}

function text(x: number, y: number, words: string, size: number, fill: string, anchor = "start") {
  return `<text x="${x}" y="${y}" font-size="${size}" fill="${fill}" text-anchor="${anchor}">${words}</text>`;
}
