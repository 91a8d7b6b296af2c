/** The scores of one evaluation set, shares 0..1. */
interface TableScores {
  readonly iou: readonly number[];
  readonly miou: number;
  readonly accuracy: number;
}

/** Columns of text: the first aligned left, the others right. */
export function textTable(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, column) =>
    Math.max(...rows.map((row) => row[column]?.length ?? 0)),
  );
  const line = (row: readonly string[]) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  ")
      .trimEnd();
  const rule = widths.map((width) => "-".repeat(width)).join("  ");
  const [head = [], ...body] = rows;
  return [line(head), rule, ...body.map(line)].join("\n");
}

/** A share 0..1 as percent with one decimal; "-" without a value. */
export const percent = (share: number | null): string =>
  share === null || Number.isNaN(share) ? "-" : (share * 100).toFixed(1);

/** IoU per class and mIoU, in percent, with a column for each evaluation set. */
export function scoreTable(
  classes: readonly string[],
  scores: Readonly<Record<string, TableScores>>,
): string {
  const sets = Object.entries(scores);
  return textTable([
    ["class (IoU, %)", ...sets.map(([name]) => name)],
    ...classes.map((name, k) => [name, ...sets.map(([, { iou }]) => percent(iou[k] ?? null))]),
    ["mIoU", ...sets.map(([, { miou }]) => percent(miou))],
    ["pixel accuracy", ...sets.map(([, { accuracy }]) => percent(accuracy))],
  ]);
}
