import type { Buckets, ClassSet, RunBaseline } from "../../src/dashboard/api.js";
import { classSwatch } from "./class-legend.js";
import { el } from "./element.js";
import { percent } from "./format.js";
import { completeOf, gainOf, type Mean, meanOf, scoreOf } from "./group-scores.js";
import { type Group, swatchColor } from "./groups.js";

/** mIoU of each group on each set, and its gain on the first: means over its complete runs. */
export function scoreTable(
  groups: readonly Group[],
  baselines: ReadonlyMap<string, RunBaseline>,
): HTMLElement {
  const sets = [
    ...new Set(groups.flatMap(({ runs }) => runs.flatMap(({ last }) => Object.keys(last)))),
  ];
  const [main] = sets;
  const gains = groups.map(({ runs }) =>
    main === undefined ? undefined : gainOf(runs, baselines, main),
  );
  const head = [
    el("th", { scope: "col" }, "Settings"),
    el("th", { scope: "col", class: "number" }, "n"),
    el("th", { scope: "col" }, "Seeds"),
    ...sets.map((set) => el("th", { scope: "col", class: "number" }, `mIoU ${set}, %`)),
    el("th", { scope: "col", class: "number" }, `Gain ${main ?? ""}`),
  ];
  const rows = groups.map((group, i) => {
    const complete = completeOf(group.runs);
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, groupSwatch(group), group.name),
      number(String(complete.length)),
      el("td", {}, complete.map(({ seed }) => seed ?? "–").join(" ")),
      ...sets.map((set) => number(meanText(scoreOf(group.runs, set)))),
      number(gainText(group, gains[i])),
    );
  });
  const scores = table("mIoU in percent, mean and standard deviation over seeds", head, rows);
  return el("div", {}, scores, incomplete(groups));
}

/** The runs that no mean contains. */
function incomplete(groups: readonly Group[]): HTMLElement | false {
  const left = groups.flatMap(({ runs }) => runs.filter(({ state }) => state !== "complete"));
  if (left.length === 0) return false;
  const names = left.map(({ id, state, step, steps }) => {
    return `${id} (${state}, step ${step}${steps ? ` of ${steps}` : ""})`;
  });
  return el("p", { class: "note" }, `Not complete, and in no mean: ${names.join(", ")}`);
}

function gainText({ runs }: Group, gain: ReturnType<typeof gainOf>): string {
  if (gain?.baseline === "pretraining") return `${meanText(gain, true)} to pretraining`;
  if (gain) return meanText(gain, true);
  return runs[0]?.method === "source-only" ? "" : "no matching source-only run";
}

/** IoU of each class, a column for each group: means over its complete runs. The best of a row is bold. */
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
    const means = groups.map(({ runs }) =>
      meanOf(
        completeOf(runs).flatMap(
          ({ id }) => iou.get(id)?.get(`iou/${set}/${name}`)?.mean.at(-1) ?? [],
        ),
      ),
    );
    const best = Math.max(...means.map((one) => one?.mean ?? 0));
    return el(
      "tr",
      {},
      el("th", { scope: "row" }, classSwatch(classes, k), name),
      ...means.map((one) => {
        const isBest = groups.length > 1 && best > 0 && one?.mean === best;
        return number(meanText(one), isBest);
      }),
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

/** "26.4 ± 0.7" in percent; without a deviation for a single run. */
function meanText(value: Mean | undefined, signed = false): string {
  if (!value) return "–";
  const sign = signed && value.mean >= 0 ? "+" : "";
  return `${sign}${percent(value.mean)}${value.runs > 1 ? ` ± ${percent(value.deviation)}` : ""}`;
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

export function groupSwatch(group: Group): HTMLElement {
  const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
  swatch.style.color = swatchColor(group);
  return swatch;
}
