import type { Comparison } from "../comparison.js";
import { classRows, comparisonRows } from "../comparison-rows.js";
import { escapeXml } from "../xml.js";
import { comparedPictures } from "./compared-pictures.js";
import { groupBars, groupBoxes, groupCurves } from "./group-plots.js";
import { htmlTable, page, section } from "./page.js";
import { LINES } from "./palette.js";

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
      `One run of ${groups.length > LINES ? `each of the first ${LINES} groups` : "each group"}, and what it changed against its baseline.`,
      await comparedPictures(comparison),
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
