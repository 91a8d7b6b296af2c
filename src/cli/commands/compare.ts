import { readdirSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import sharp from "sharp";
import { UserError } from "../../errors.js";
import { isFile, isFolder } from "../../regular-file.js";
import { type Comparison, compareRuns } from "../../report/comparison.js";
import { classRows, comparisonRows } from "../../report/comparison-rows.js";
import { comparisonPage } from "../../report/page/comparison-page.js";
import { barsSvg, groupCurves } from "../../report/page/group-plots.js";
import { standaloneSvg } from "../../report/page/standalone-svg.js";
import { type RunFiles, readRun } from "../../report/run-files.js";
import { textTable } from "../../report/score-table.js";
import { csv, latex, markdown } from "../../report/table-formats.js";
import { requireWritableFolder, writeAtomically } from "../../write-atomically.js";
import { type Json, jsonOption, print } from "../terminal/print.js";
import { note } from "../terminal/progress.js";

export const command = () =>
  new Command("compare")
    .description("compare runs: mean and deviation over seeds, gains, classes, curves, pictures")
    .argument("<runs...>", "run folders; those that differ only in their seed form a group")
    .option("--out <folder>", "where to write the page, the tables and the charts", "comparison")
    .addOption(jsonOption())
    .action(compare);

async function compare(
  paths: readonly string[],
  { out, json }: { readonly out: string; readonly json?: Json },
): Promise<void> {
  const runs = paths.map(readGiven);
  requireWritableFolder(out);
  const comparison = compareRuns(runs);
  const rows = comparisonRows(comparison);
  const classes = classRows(comparison);
  const curves = groupCurves(comparison, { width: 960, height: 360 });
  const notes = comparison.notes.map((text) => `${text}\n`);
  const charts = {
    classes: standaloneSvg(barsSvg(comparison)),
    ...(curves === "" ? {} : { curves: standaloneSvg(curves) }),
  };
  const files: Readonly<Record<string, string>> = {
    "comparison.html": await comparisonPage(comparison),
    "comparison.json": `${JSON.stringify(plain(comparison), null, 2)}\n`,
    "comparison.md": [markdown(rows), ...notes, markdown(classes)].join("\n"),
    "comparison.csv": csv(rows),
    "comparison.tex": latex(rows),
    "classes.csv": csv(classes),
    "classes.tex": latex(classes),
  };
  for (const [name, text] of Object.entries(files)) writeAtomically(join(out, name), text);
  for (const [name, svg] of Object.entries(charts)) {
    writeAtomically(join(out, `${name}.svg`), svg);
    writeAtomically(join(out, `${name}.png`), await png(svg));
  }
  for (const name of comparison.leftOut) note(`${name} is not complete and is left out`);
  for (const text of comparison.notes) note(text);
  const written = `${join(out, "comparison.html")}, and tables and charts (.csv, .md, .tex, .json, .svg, .png) in ${out}`;
  print(`${textTable(rows)}\n\n${written}`, () => plain(comparison), json);
}

/** An SVG as PNG, two pixels for each of its units. */
const png = (svg: string): Promise<Buffer> =>
  sharp(Buffer.from(svg), { density: 2 * 72 })
    .png()
    .toBuffer();

/** @throws UserError that suggests the run folders in `path` if it is not one itself */
function readGiven(path: string): RunFiles {
  try {
    return readRun(path);
  } catch (error) {
    const pattern = runsIn(path);
    if (!(error instanceof UserError) || error.code !== "not-a-run" || !pattern) throw error;
    throw new UserError(
      "not-a-run",
      `${path} is not a run folder, but holds some: name them, for example ${pattern}`,
      { cause: error },
    );
  }
}

/** A shell pattern for the run folders in a folder; undefined if it holds none. */
function runsIn(path: string): string | undefined {
  if (!isFolder(path)) return undefined;
  const entries = readdirSync(path, { withFileTypes: true });
  if (!entries.some(({ name }) => isFile(join(path, name, "config.yaml")))) return undefined;
  return join(path, entries.every((entry) => entry.isDirectory()) ? "*" : "*/");
}

/** Without the contents of the runs. */
const plain = ({ groups, ...rest }: Comparison): object => ({
  ...rest,
  groups: groups.map(({ runs, pictured, ...group }) => ({
    ...group,
    runs: runs.map(({ path }) => path),
  })),
});
