import { type Comparison, classRows, comparisonRows } from "../comparison.js";
import { readPreviews } from "../run-files.js";
import { escapeXml } from "../xml.js";
import { htmlTable, page, section } from "./page.js";
import { type Cell, type PictureRow, pictureTable } from "./picture-tables.js";

/** Several runs on one page: scores over seeds, classes, and the same images side by side. */
export async function comparisonPage(comparison: Comparison): Promise<string> {
  const { groups, sets, leftOut } = comparison;
  const runs = groups.reduce((sum, group) => sum + group.runs.length, 0);
  const skipped =
    leftOut.length > 0 ? ` Left out, not complete: ${escapeXml(leftOut.join(", "))}.` : "";
  const body = [
    `<header><h1>Comparison</h1><p class="lede">${runs} runs in ${groups.length} groups that differ in more than their seed, measured on ${escapeXml(sets.join(" and "))}.${skipped}</p></header>`,
    section(
      "Scores",
      "mIoU of last snapshots: mean ± deviation over seeds. The gain is to source-only of the same seed.",
      htmlTable(comparisonRows(comparison)),
    ),
    section(
      "Classes",
      `IoU on ${escapeXml(sets[0] as string)}, %.`,
      htmlTable(classRows(comparison)),
    ),
    section("Pictures", "The first run of each group.", await pairedPictures(comparison)),
  ];
  return page("Comparison · cfcontra", body.join("\n"));
}

/** Every image that all groups have previews of: image, truth, one prediction a group. */
function pairedPictures({ groups, sets }: Comparison): Promise<string> {
  const columns = groups.map(({ label, runs: [run] }) => ({
    label,
    run,
    previews: run ? readPreviews(run.path, sets[0] as string) : [],
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
