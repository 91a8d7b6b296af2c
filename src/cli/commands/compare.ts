import { join } from "node:path";
import { Command } from "commander";
import {
  type Comparison,
  classRows,
  compareRuns,
  comparisonRows,
} from "../../report/comparison.js";
import { comparisonPage } from "../../report/page/comparison-page.js";
import { readRun } from "../../report/run-files.js";
import { textTable } from "../../report/score-table.js";
import { markdown } from "../../report/table-formats.js";
import { writeAtomically } from "../../write-atomically.js";
import { type Json, jsonOption, print } from "../terminal/print.js";
import { note } from "../terminal/progress.js";

export const command = () =>
  new Command("compare")
    .description("compare runs: mean and deviation over seeds, classes, pictures")
    .argument("<runs...>", "run folders; runs that differ only in their seed form a group")
    .option("--out <folder>", "where to write comparison.html, .md and .json", "comparison")
    .addOption(jsonOption())
    .action(compare);

async function compare(
  paths: readonly string[],
  { out, json }: { readonly out: string; readonly json?: Json },
): Promise<void> {
  const comparison = compareRuns(paths.map(readRun));
  const rows = comparisonRows(comparison);
  writeAtomically(join(out, "comparison.html"), await comparisonPage(comparison));
  const tables = `${markdown(rows)}\n${markdown(classRows(comparison))}`;
  writeAtomically(join(out, "comparison.md"), tables);
  writeAtomically(join(out, "comparison.json"), `${JSON.stringify(plain(comparison), null, 2)}\n`);
  for (const name of comparison.leftOut) {
    note(`${name} is not complete and is left out`);
  }
  const stages = new Set(comparison.groups.map(({ runs: [run] }) => stageOf(run?.config.style)));
  if (stages.size > 1) {
    note(
      `the rows differ in their coarse stage (style: ${[...stages].join("; ")}), not only in their method; ` +
        "to tell what the method gains, add a source-only row with the same stage",
    );
  }
  const files = `${join(out, "comparison.html")}, .md and .json`;
  print(`${textTable(rows)}\n\n${files}`, () => plain(comparison), json);
}

/** The coarse stage of a run, in words. */
function stageOf(style: object = {}): string {
  const { method = "none", domains, alpha } = style as Record<string, unknown>;
  return method === "none" ? "none" : `${method}, domains ${domains}, alpha ${alpha}`;
}

/** Without the contents of the runs. */
const plain = ({ groups, ...rest }: Comparison): object => ({
  ...rest,
  groups: groups.map(({ runs, ...group }) => ({ ...group, runs: runs.map(({ path }) => path) })),
});
