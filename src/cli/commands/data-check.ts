import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { checkDataset, type DatasetReport } from "../../datasets/check.js";
import type { Dataset, Size } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import { formatCheck } from "../../report/check-report.js";
import { contactSheet } from "../../report/contact-sheet.js";
import { writeRgb } from "../../report/pictures.js";
import { type Json, print } from "../terminal/print.js";
import { progressLine } from "../terminal/progress.js";
import { columnsOf } from "../terminal/terminal.js";

export interface DataCheckOptions {
  readonly dataset: Dataset;
  /** PNG file of the contact sheet. */
  readonly out: string;
  /** Read only so many images. */
  readonly limit?: number;
  readonly json?: Json;
}

const SHEET = { count: 12, columns: 4 };
const PICTURE_WIDTH = 320;

/**
 * Reads a data set, prints what is in it and what is wrong with it, and writes a contact sheet.
 * @returns the exit code: 1 if there are problems
 */
export async function dataCheck({ dataset, out, limit, json }: DataCheckOptions): Promise<number> {
  const line = progressLine(`reading ${dataset.name}`);
  let report: DatasetReport;
  try {
    report = await checkDataset(dataset, { limit, onSample: line.update });
  } finally {
    line.end();
  }
  const sheet = await contactSheet(dataset, { ...SHEET, size: pictureSize(report) });
  try {
    await mkdir(dirname(out), { recursive: true });
    await writeRgb(out, sheet.rgb, sheet.size);
  } catch (error) {
    const reason = (error as Error).message.split("\n")[0];
    throw new UserError(
      `cannot write the contact sheet ${out} (${reason}); --out names a PNG file`,
    );
  }
  const columns = columnsOf(process.stdout);
  const text = `${formatCheck(report, dataset.classes, columns)}\n\ncontact sheet: ${out}`;
  const classes = report.classes.map((count, k) => ({ name: dataset.classes.names[k], ...count }));
  print(text, () => ({ ...report, classes, sheet: out }), json);
  return report.problems.length > 0 ? 1 : 0;
}

/** The proportions that most images have, at the width of a picture. */
function pictureSize({ sizes }: DatasetReport): Size {
  const { width, height } = sizes[0]?.size ?? { width: 2, height: 1 };
  return {
    width: PICTURE_WIDTH,
    height: Math.max(1, Math.round((PICTURE_WIDTH * height) / width)),
  };
}
