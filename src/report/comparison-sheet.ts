import { colorize } from "../datasets/colorize.js";
import type { ClassSet, Size } from "../datasets/dataset.js";
import { CHANGE_KEY, LAYER_COLORS } from "./change-map.js";
import { beside } from "./pictures.js";
import { type Sheet, sheet, text } from "./sheet.js";

/** A column of a sheet: RGB pictures, or labels to draw in the colours of their classes. */
export interface Column {
  readonly title: string;
  /** Below the pictures, such as a score. */
  readonly caption?: string;
  readonly pictures?: readonly Uint8Array[];
  readonly labels?: readonly Uint8Array[];
}

const HEADER = 28;
const CAPTIONS = 32;
const LEGEND_ROW = 24;
const MARGIN = 14;
const INK = "#222";
const SOFT = "#555";

/**
 * Columns of pictures of one size, under their titles and above their captions, with a row for each image, and
 * below all the colours of the classes and of changes.
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
  const middle = (i: number) => (i + 0.5) * size.width;
  const anchor = { anchor: "middle" };
  const header = columns.map(({ title }, i) => text(middle(i), 19, title, 15, INK, anchor));
  const captions = columns.map(({ caption = "" }, i) =>
    text(middle(i), 21, caption, 15, INK, { ...anchor, weight: "bold" }),
  );
  const legend = drawLegend(classes, width);
  const parts = [
    (await sheet({ width, height: HEADER }, "white", header)).rgb,
    ...rows,
    (await sheet({ width, height: CAPTIONS + legend.height }, "white", [...captions, legend.svg]))
      .rgb,
  ];
  const rgb = new Uint8Array(parts.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const part of parts) {
    rgb.set(part, at);
    at += part.length;
  }
  return { rgb, size: { width, height: rgb.length / 3 / width } };
}

/** The colours of the classes, and below them those of changes, in rows that fit. */
function drawLegend({ names, colors }: ClassSet, width: number): { svg: string; height: number } {
  const changes = CHANGE_KEY.map(([kind, words]) => [words, LAYER_COLORS[kind]] as const);
  const drawn: string[] = [];
  let y = CAPTIONS + 4;
  for (const entries of [
    names.map((name, k) => [name, colors[k] ?? [0, 0, 0]] as const),
    changes,
  ]) {
    let x = MARGIN;
    for (const [name, color] of entries) {
      const wide = 46 + name.length * 8;
      if (x > MARGIN && x + wide > width - MARGIN) [x, y] = [MARGIN, y + LEGEND_ROW];
      const hatch =
        name === "broken"
          ? `<path d="M${x} ${y + 14}L${x + 14} ${y}M${x + 8} ${y + 14}L${x + 22} ${y}" stroke="rgb(${LAYER_COLORS.hatch})" stroke-width="3"/>`
          : "";
      drawn.push(
        `<rect x="${x}" y="${y}" width="22" height="14" fill="rgb(${color})"/>${hatch}` +
          `<rect x="${x + 0.5}" y="${y + 0.5}" width="21" height="13" fill="none" stroke="#888"/>` +
          text(x + 30, y + 12, name, 13, SOFT),
      );
      x += wide;
    }
    y += LEGEND_ROW;
  }
  return { svg: drawn.join(""), height: y - CAPTIONS + 6 };
}
