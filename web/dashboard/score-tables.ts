import type { Buckets, ClassSet } from "../../src/dashboard/api.js";
import { meanAndDeviation } from "../../src/report/score-history.js";
import { classSwatch } from "./class-legend.js";
import { el } from "./element.js";
import { mean, percent } from "./format.js";
import type { Group } from "./groups.js";

/** mIoU of each group on each set: mean and deviation over its seeds. */
export function scoreTable(groups: readonly Group[]): HTMLElement {
  const sets = [
    ...new Set(groups.flatMap(({ runs }) => runs.flatMap(({ last }) => Object.keys(last)))),
  ];
  const cell = ({ runs }: Group, which: "last" | "best", set: string) =>
    number(over(runs.flatMap((run) => run[which][set]?.value ?? [])));
  const head = [
    el("th", { scope: "col" }, "Settings"),
    el("th", { scope: "col", class: "number" }, "Seeds"),
    ...sets.flatMap((set) => [
      el("th", { scope: "col", class: "number" }, `mIoU ${set}, %`),
      el("th", { scope: "col", class: "number" }, `best ${set}, %`),
    ]),
  ];
  const rows = groups.map((group) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, groupSwatch(group), group.name),
      number(String(group.runs.length)),
      ...sets.flatMap((set) => [cell(group, "last", set), cell(group, "best", set)]),
    ),
  );
  return table("mIoU in percent, mean and standard deviation over seeds", head, rows);
}

/** IoU of each class, a column for each group; the best of a row stands out. */
export function classTable(
  groups: readonly Group[],
  iou: ReadonlyMap<string, ReadonlyMap<string, Buckets>>,
  classes: ClassSet,
  set: string,
): HTMLElement {
  const head = [
    el("th", { scope: "col" }, `IoU ${set}, %`),
    ...groups.map((group) =>
      el("th", { scope: "col", class: "number" }, groupSwatch(group), group.name),
    ),
  ];
  const rows = classes.names.map((name, k) => {
    const values = groups.map(({ runs }) =>
      runs.flatMap(({ id }) => iou.get(id)?.get(`iou/${set}/${name}`)?.mean.at(-1) ?? []),
    );
    const means = values.map((own) => (own.length > 0 ? mean(own) : Number.NEGATIVE_INFINITY));
    const best = Math.max(...means);
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, classSwatch(classes, k), name),
      ...values.map((own, i) =>
        number(over(own), groups.length > 1 && means[i] === best && best > 0),
      ),
    );
  });
  return table(
    `IoU on ${set} by class in percent, mean and standard deviation over seeds`,
    head,
    rows,
  );
}

const number = (words: string, best = false) =>
  el("td", { class: "number" }, best ? el("strong", {}, words) : words);

/** Mean ± deviation, in percent. */
function over(values: readonly number[]): string {
  if (values.length === 0) return "–";
  const { mean: center, deviation } = meanAndDeviation(values);
  return `${percent(center)}${values.length > 1 ? ` ± ${percent(deviation)}` : ""}`;
}

export function table(caption: string, head: readonly Node[], rows: readonly Node[]): HTMLElement {
  return el(
    "div",
    { class: "table-hold", tabindex: "0", role: "region", "aria-label": caption },
    el(
      "table",
      { class: "scores" },
      el("caption", { class: "unseen" }, caption),
      el("thead", {}, el("tr", {}, ...head)),
      el("tbody", {}, ...rows),
    ),
  );
}

export function groupSwatch({ color }: Group): HTMLElement {
  const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.color = color;
  return swatch;
}
