import type { OverlayOptions } from "sharp";
import type { Sample, Size } from "../datasets/dataset.js";
import { COLOR, pictureAt, type Sheet, sheet, text } from "./sheet.js";

/** Content, style and results of one method. */
export interface StyleRow {
  readonly method: string;
  /** The text below the name of the method. */
  readonly note: string;
  readonly pictures: readonly Pick<Sample, "image">[];
}

const LEFT = 104;
const HEADER = 34;
const GAP = 4;
const BETWEEN = 14;

/**
 * Rows of pictures of one size, in a group for each content image, under the titles of the columns.
 * @returns RGB [height * width * 3] and its size
 */
export async function styleSheet(
  titles: readonly string[],
  groups: readonly (readonly StyleRow[])[],
  cell: Size,
): Promise<Sheet> {
  const width = LEFT + titles.length * (cell.width + GAP) + GAP;
  const left = (column: number) => LEFT + column * (cell.width + GAP);
  const pictures: OverlayOptions[] = [];
  const words = titles.map((title, column) =>
    text(left(column) + cell.width / 2, 22, title, 14, COLOR.ink, { anchor: "middle" }),
  );
  let top = HEADER;
  for (const rows of groups) {
    for (const { method, note, pictures: row } of rows) {
      words.push(text(12, top + cell.height / 2, method, 14, COLOR.ink));
      words.push(text(12, top + cell.height / 2 + 18, note, 11, COLOR.faint));
      for (const [column, { image }] of row.entries()) {
        pictures.push(pictureAt(image, cell, left(column), top));
      }
      top += cell.height + GAP;
    }
    top += BETWEEN;
  }
  return sheet({ width, height: top }, COLOR.paper, words, pictures);
}
