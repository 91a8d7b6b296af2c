import { colorize } from "../datasets/colorize.js";
import type { ClassSet, Size } from "../datasets/dataset.js";
import { beside } from "./pictures.js";
import { type Sheet, sheet, text } from "./sheet.js";

/** A column of a sheet: RGB pictures, or labels to draw in the colours of their classes. */
export interface Column {
  readonly title: string;
  readonly pictures?: readonly Uint8Array[];
  readonly labels?: readonly Uint8Array[];
}

const HEADER = 28;

/**
 * Columns of pictures of one size, under their titles, with a row for each image.
 * @returns RGB [height * width * 3] and its size
 */
export async function comparisonSheet(
  columns: readonly Column[],
  classes: ClassSet,
  size: Size,
): Promise<Sheet> {
  const cells = columns.map(
    ({ pictures, labels = [] }) => pictures ?? labels.map((label) => colorize(label, classes)),
  );
  const rows = (cells[0] ?? []).map((_, i) =>
    beside(
      cells.map((column) => column[i] as Uint8Array),
      size,
    ),
  );
  const width = size.width * columns.length;
  const height = HEADER + size.height * rows.length;
  const titles = columns.map(({ title }, i) =>
    text((i + 0.5) * size.width, 19, title, 15, "#222", { anchor: "middle" }),
  );
  const header = await sheet({ width, height: HEADER }, "white", titles);
  const rgb = new Uint8Array(width * height * 3);
  rgb.set(header.rgb);
  for (const [i, row] of rows.entries()) {
    rgb.set(row, (HEADER + i * size.height) * width * 3);
  }
  return { rgb, size: { width, height } };
}
