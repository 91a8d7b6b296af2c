import type { DatasetReport } from "../datasets/check.js";
import type { ClassSet } from "../datasets/dataset.js";
import { percent, textTable } from "./score-table.js";
import { withBars } from "./text-bar.js";

const SHOWN = 20;

/** Percent that distinguishes a rare class from an absent one. */
function fine(share: number): string {
  return share > 0 && share < 0.0005 ? "<0.1" : percent(share);
}

/**
 * What `checkDataset` found, for a terminal with this many columns: counts, sizes, a histogram of the
 * classes, faults.
 */
export function formatCheck(
  report: DatasetReport,
  { names }: ClassSet,
  columns = Number.POSITIVE_INFINITY,
): string {
  const { images, checked, labelled, sizes, problems } = report;
  const blocks = [
    [
      report.name,
      `${images} images, ${labelled ? "labelled" : "without labels"}` +
        (checked < images ? `; checked ${checked}` : ""),
      `sizes: ${sizes.map(({ size, images }) => `${size.width}x${size.height} (${images})`).join(", ") || "none"}`,
    ].join("\n"),
    histogram(report, names, columns),
    problemList(problems),
  ];
  return blocks.filter((block) => block !== "").join("\n\n");
}

function histogram(
  { classes, ignored }: DatasetReport,
  names: readonly string[],
  columns: number,
): string {
  if (classes.length === 0) return "";
  const largest = Math.max(ignored, ...classes.map(({ share }) => share));
  const table = textTable([
    ["class", "pixels, %", "images"],
    ...classes.map(({ share, images }, k) => [names[k] ?? `${k}`, fine(share), `${images}`]),
    ["(ignored)", fine(ignored), ""],
  ]).split("\n");
  const shares = [...classes.map(({ share }) => share), ignored].map((share) =>
    largest > 0 ? share / largest : 0,
  );
  const rows = withBars(table, [undefined, undefined, ...shares], columns);
  const absent = names.filter((_, k) => classes[k]?.images === 0);
  if (absent.length > 0) rows.push("", `in no label: ${absent.join(", ")}`);
  return rows.join("\n");
}

function problemList(problems: readonly string[]): string {
  if (problems.length === 0) return "no problems";
  const more = problems.length > SHOWN ? [`  ... and ${problems.length - SHOWN} more`] : [];
  const shown = problems.slice(0, SHOWN).map((problem) => `  ${problem}`);
  return [`${problems.length} problem${problems.length === 1 ? "" : "s"}:`, ...shown, ...more].join(
    "\n",
  );
}
