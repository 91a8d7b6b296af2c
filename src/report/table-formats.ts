import type { PublishedFigure } from "./published-figures.js";
import { percent } from "./score-table.js";

type Rows = readonly (readonly string[])[];

/** RFC 4180. The first row is the header. */
export const csv = (rows: Rows): string =>
  rows.map((row) => `${row.map(csvCell).join(",")}\n`).join("");

const csvCell = (cell: string): string =>
  /[",\n]/.test(cell) ? `"${cell.replaceAll('"', '""')}"` : cell;

/** A table in GitHub's Markdown, with numbers aligned right. */
export function markdown(rows: Rows): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]) =>
    `| ${cells.map((cell) => cell.replaceAll("|", "\\|")).join(" | ")} |\n`;
  const rule = head.map((_, i) => (i === 0 ? "---" : "---:"));
  return [head, rule, ...body].map(line).join("");
}

const LATEX: Readonly<Record<string, string>> = {
  ...{ "\\": "\\textbackslash{}", "~": "\\textasciitilde{}", "^": "\\textasciicircum{}" },
  ...{ "±": "$\\pm$", "−": "$-$" },
};
const latexCell = (text: string): string =>
  text.replace(/[\\&%$#_{}~^±−]/g, (c) => LATEX[c] ?? `\\${c}`);

/** A booktabs table whose first column is text. A rule follows each of the rows in `rules`. */
export function latex(rows: Rows, rules: readonly number[] = []): string {
  const [head = [], ...body] = rows;
  const line = (cells: readonly string[]) => `${cells.map(latexCell).join(" & ")} \\\\\n`;
  return (
    `\\begin{tabular}{l${"r".repeat(head.length - 1)}}\n\\toprule\n${line(head)}\\midrule\n` +
    `${body.map((row, i) => line(row) + (rules.includes(i) ? "\\midrule\n" : "")).join("")}` +
    "\\bottomrule\n\\end{tabular}\n"
  );
}

/** A measured row of a benchmark table; shares 0..1. */
export interface BenchmarkRow {
  readonly method: string;
  readonly iou: readonly (number | null)[];
  readonly miou: number;
  readonly miou13?: number;
}

/** A row for each method, a column for each class, mIoU last; published figures above ours. */
export function benchmarkRows(
  classes: readonly string[],
  ours: readonly BenchmarkRow[],
  figures: readonly PublishedFigure[] = [],
): string[][] {
  const with13 = ours.some(({ miou13 }) => miou13 !== undefined);
  const last = (miou: string, miou13: string | undefined) =>
    with13 ? [miou, miou13 ?? "-"] : [miou];
  return [
    ["method", ...classes, ...(with13 ? ["mIoU", "mIoU 13"] : ["mIoU"])],
    ...figures.map(({ method, miou, miou13 }) => [
      `${method} (published)`,
      ...classes.map(() => "-"),
      ...last(miou, miou13),
    ]),
    ...ours.map(({ method, iou, miou, miou13 }) => [
      method,
      ...classes.map((_, k) => percent(iou[k] ?? null)),
      ...last(percent(miou), miou13 === undefined ? undefined : percent(miou13)),
    ]),
  ];
}
