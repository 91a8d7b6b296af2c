import type { Comparison } from "../comparison.js";
import { classRows, comparisonRows } from "../comparison-rows.js";
import { readPreviews } from "../run-pictures.js";
import { escapeXml } from "../xml.js";
import { groupBars, groupBoxes, groupCurves } from "./group-plots.js";
import { htmlTable, page, section } from "./page.js";
import { LINES } from "./palette.js";
import { type Cell, type PictureRow, pictureTable } from "./picture-tables.js";

/** Several runs on one page: scores over seeds, classes, and the same images side by side. */
export async function comparisonPage(comparison: Comparison): Promise<string> {
  const { groups, sets, leftOut, notes } = comparison;
  const runs = groups.reduce((sum, group) => sum + group.runs.length, 0);
  const skipped =
    leftOut.length > 0 ? ` Not complete, and left out: ${escapeXml(leftOut.join(", "))}.` : "";
  const items = notes.map((text) => `<li class="warning">${escapeXml(text)}</li>`).join("");
  const body = [
    `<header><h1>Comparison</h1><p class="lede">${counted(runs, "run")} in ${counted(groups.length, "group")}, evaluated on ${escapeXml(sets.join(" and "))}. Runs of a group differ only in their seed.${skipped}</p>` +
      `${items === "" ? "" : `<ul class="notes">${items}</ul>`}</header>`,
    section(
      "Scores",
      "mIoU of the last snapshots: mean ± deviation over seeds. The gain is over source-only with equal settings and seed; else over the pretraining that the run starts from.",
      htmlTable(comparisonRows(comparison), "mIoU and gains") + groupBoxes(comparison),
    ),
    section(
      "Over training",
      `mIoU on ${escapeXml(sets[0] as string)}, %: the mean of a group's runs, and a band from the lowest to the highest.`,
      curves(comparison),
    ),
    section(
      "Classes",
      `IoU on ${escapeXml(sets[0] as string)}, %, and the gain over the baseline of the same seed.`,
      `${groupBars(comparison)}<details><summary>as a table</summary>${htmlTable(classRows(comparison), "IoU of each class")}</details>`,
    ),
    section(
      "Pictures",
      `The first run of ${groups.length > LINES ? `each of the first ${LINES} groups` : "each group"}.`,
      await pairedPictures(comparison),
    ),
  ];
  return page("Comparison · cfcontra", body.join("\n"));
}

function curves(comparison: Comparison): string {
  const wide = groupCurves(comparison, { width: 960, height: 300 });
  if (wide === "") return "";
  const narrow = groupCurves(comparison, { width: 380, height: 220 });
  return `<div class="history roomy">${wide}</div><div class="history tight">${narrow}</div>`;
}

const counted = (count: number, what: string) => `${count} ${what}${count === 1 ? "" : "s"}`;

/** Every spread image that all groups have previews of: image, truth, one prediction for each group. */
function pairedPictures({ groups, sets }: Comparison): Promise<string> {
  const columns = groups.slice(0, LINES).map(({ label, runs: [run] }) => ({
    label,
    run,
    previews: run
      ? readPreviews(run.path, sets[0] as string).filter(({ extreme }) => !extreme)
      : [],
  }));
  const rows = (columns[0]?.previews ?? []).flatMap(({ name, input, truth }): PictureRow[] => {
    const predictions = columns.flatMap(({ label, previews }): Cell[] => {
      const path = previews.find((one) => one.name === name)?.prediction;
      return path === undefined ? [] : [{ title: label, path, kind: "labels" }];
    });
    if (predictions.length < columns.length) return [];
    const known: Cell[] = [{ title: "image", path: input, kind: "photo" }];
    if (truth) known.push({ title: "truth", path: truth, kind: "labels" });
    return [{ name, cells: [...known, ...predictions] }];
  });
  return pictureTable(rows, columns[0]?.run?.classes ?? { names: [], colors: [] });
}
