import sharp from "sharp";
import { escapeXml } from "./xml.js";

export interface ConfusionStyle {
  /** Background, text, faint text, and the colour of a share of 1, as CSS colours. */
  readonly paper: string;
  readonly ink: string;
  readonly faint: string;
  readonly hit: string;
  readonly miss: string;
}

const PRINT: ConfusionStyle = {
  ...{ paper: "#ffffff", ink: "#1b1d21", faint: "#8a8f98" },
  ...{ hit: "#1f6f5c", miss: "#b4472e" },
};

const CELL = 34;
const LABELS = 128;
const TITLE = 34;
const BELOW = 88;

/**
 * A confusion matrix as SVG. Rows are true classes and add up to 100 %, columns are predictions. The diagonal
 * has one colour, confusions another; a class without pixels is an empty row.
 */
export function confusionSvg(
  counts: readonly (readonly number[])[],
  classes: readonly string[],
  style: ConfusionStyle = PRINT,
): string {
  const { paper, ink, faint, hit, miss } = style;
  const side = classes.length * CELL;
  const width = LABELS + side + 16;
  const height = TITLE + side + BELOW;
  const text = (x: number, y: number, size: number, fill: string, more: string, words: string) =>
    `<text x="${x}" y="${y}" font-size="${size}" style="fill:${fill}" ${more}>${escapeXml(words)}</text>`;
  const cells = counts.flatMap((row, i) => {
    const all = row.reduce((sum, count) => sum + count, 0);
    return row.map((count, j) => {
      const share = all > 0 ? count / all : 0;
      const [x, y] = [LABELS + j * CELL, TITLE + i * CELL];
      const opacity = share > 0 ? (0.06 + 0.94 * share).toFixed(3) : 0;
      const title = `${classes[i]} predicted as ${classes[j]}: ${(share * 100).toFixed(1)} %`;
      const box =
        `<rect x="${x + 1}" y="${y + 1}" width="${CELL - 2}" height="${CELL - 2}" rx="2" ` +
        `fill="${i === j ? hit : miss}" fill-opacity="${opacity}">` +
        `<title>${escapeXml(title)}</title></rect>`;
      if (share < 0.005) return box;
      const shown = Math.round(share * 100).toString();
      const fill = share > 0.55 ? paper : ink;
      const number = text(
        ...([x + CELL / 2, y + CELL / 2 + 4, 11, fill] as const),
        'text-anchor="middle" pointer-events="none"',
        shown,
      );
      return box + number;
    });
  });
  const rows = classes.map((name, i) => {
    const empty = (counts[i] ?? []).every((count) => count === 0);
    const y = TITLE + i * CELL + CELL / 2 + 4;
    return text(LABELS - 8, y, 12, empty ? faint : ink, 'text-anchor="end"', name);
  });
  const columns = classes.map((name, j) => {
    const [x, y] = [LABELS + j * CELL + CELL / 2 + 4, TITLE + side + 10];
    const turn = `text-anchor="end" transform="rotate(-60 ${x} ${y})"`;
    return text(x, y, 12, ink, turn, name);
  });
  const grid = `<rect x="${LABELS}" y="${TITLE}" width="${side}" height="${side}" fill="none" stroke="${faint}" stroke-opacity="0.35"/>`;
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="Confusion matrix" font-family="DejaVu Sans, Helvetica, Arial, sans-serif">` +
    `<rect width="100%" height="100%" fill="${paper}"/>` +
    text(LABELS, 20, 12, faint, "", "rows: truth, columns: prediction, % of the row's pixels") +
    `${grid}${cells.join("")}${rows.join("")}${columns.join("")}</svg>`
  );
}

/** The same as a PNG of twice the size. */
export const confusionPicture = (
  counts: readonly (readonly number[])[],
  classes: readonly string[],
): Promise<Buffer> =>
  sharp(Buffer.from(confusionSvg(counts, classes)), { density: 144 })
    .png()
    .toBuffer();
