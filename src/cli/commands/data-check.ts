import { Command } from "commander";
import { checkDataset, type DatasetReport } from "../../datasets/check.js";
import type { Size } from "../../datasets/dataset.js";
import { formatCheck } from "../../report/check-report.js";
import { contactSheet } from "../../report/contact-sheet.js";
import { writeRgb } from "../../report/pictures.js";
import { requireWritable } from "../../write-atomically.js";
import { dataOption, setOption, whole } from "../options.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";
import { columnsOf } from "../terminal/terminal.js";

export const command = () =>
  new Command("check")
    .description("read every file of a data set: counts, classes, problems, a contact sheet")
    .argument("<preset>", "a preset, or the path of a YAML file")
    .option(
      "--set-of <domain>",
      "source, target, labelledTarget, or the name of an evaluation set",
      "source",
    )
    .option("--out <file>", "where to write the contact sheet", "contact-sheet.png")
    .option("--limit <n>", "read at most this many images", whole("--limit"))
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Examples:
  cfcontra data check streets --set-of target
  cfcontra data check camvid-dusk --set-of dusk --data ~/data --limit 50`,
    )
    .action(check);

interface CheckOptions {
  readonly setOf: string;
  /** PNG file of the contact sheet. */
  readonly out: string;
  readonly limit?: number;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly data: string;
}

const SHEET = { count: 12, columns: 4 };
const PICTURE_WIDTH = 320;

/** A target's specification as training uses it: all of its images. */
const withoutSome = (spec: object): object =>
  "labelled" in spec && spec.labelled === "some" ? { ...spec, labelled: false } : spec;

/** Opens a set of a preset, reads it whole, and reports. The exit code is 1 if there are problems. */
async function check(preset: string, options: CheckOptions): Promise<void> {
  const { setOf: name, set, data, out, limit, json } = options;
  const { configuration, openSet, setOf, withAbsoluteRoots, withLabels } = await import(
    "../../experiment/index.js"
  );
  const config = withAbsoluteRoots(configuration({ preset, set }), data);
  requireWritable(out);
  const { dataset, report } = await listening(async (listener) => {
    const { spec, key } = setOf(name, config);
    // Only the target may come without labels. Training does not read them, so `some` would leave out images.
    const opened = key === "target" ? withoutSome(spec) : withLabels(spec);
    const dataset = await openSet(opened, listener);
    const onSample = (done: number, total: number) =>
      listener.progress(`reading ${dataset.name}`, done, total);
    return { dataset, report: await checkDataset(dataset, { limit, onSample }) };
  });
  const sheet = await contactSheet(dataset, { ...SHEET, size: pictureSize(report) });
  await writeRgb(out, sheet.rgb, sheet.size);
  const columns = columnsOf(process.stdout);
  const text = `${formatCheck(report, dataset.classes, columns)}\n\ncontact sheet: ${out}`;
  const classes = report.classes.map((count, k) => ({ name: dataset.classes.names[k], ...count }));
  print(text, () => ({ ...report, classes, sheet: out }), json);
  process.exitCode = report.problems.length > 0 ? 1 : 0;
}

/** The proportions that most images have, at the width of a picture. */
function pictureSize({ sizes }: DatasetReport): Size {
  const { width, height } = sizes[0]?.size ?? { width: 2, height: 1 };
  return {
    width: PICTURE_WIDTH,
    height: Math.max(1, Math.round((PICTURE_WIDTH * height) / width)),
  };
}
