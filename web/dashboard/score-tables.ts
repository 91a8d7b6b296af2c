import { comparisonRows, shortSetting } from "../../src/report/comparison-rows.js";
import type { Compared } from "./compared.js";
import { el } from "./element.js";
import { type Group, swatchColor } from "./groups.js";

/** Settings that fit as columns; the others are in a table of their own. */
export const MOST_SETTINGS = 6;

/** The rows of the table of scores, as text: what is shown and saved. */
export function scoreRows(compared: Compared): string[][] {
  return comparisonRows({ ...compared, settings: compared.settings.slice(0, MOST_SETTINGS) });
}

/** mIoU of each group on each set, the settings that differ, and the gain: over its complete runs. */
export function scoreTable(groups: readonly Group[], compared: Compared): HTMLElement {
  const [titles = [], ...rows] = scoreRows(compared);
  const settings = Math.min(MOST_SETTINGS, compared.settings.length);
  const isNumber = (i: number) => i > settings + 1;
  const head = titles.map((title, i) => {
    const key = compared.settings[i - 1];
    return el(
      "th",
      {
        scope: "col",
        class: isNumber(i) ? "number" : undefined,
        title: i <= settings ? key : undefined,
      },
      title,
    );
  });
  const body = rows.map((cells, i) =>
    el(
      "tr",
      {},
      ...cells.map((text, j) =>
        j === 0
          ? el("th", { scope: "row" }, groupSwatch(groups[i] as Group), text)
          : el("td", { class: isNumber(j) ? "number" : undefined }, text),
      ),
    ),
  );
  const scores = table("mIoU in percent, mean and standard deviation over seeds", head, body);
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

/** All settings that differ, a column for each group. */
export function settingsTable(
  groups: readonly Group[],
  { settings, groups: rows }: Compared,
): HTMLElement {
  const head = [
    el("th", { scope: "col" }, "Setting"),
    ...groups.map((group) => el("th", { scope: "col" }, groupSwatch(group), group.name)),
  ];
  const body = settings.map((key) =>
    el(
      "tr",
      {},
      el("th", { scope: "row", title: shortSetting(key, settings) }, key),
      ...rows.map((row) => el("td", {}, row.settings[key] ?? "–")),
    ),
  );
  return table("Settings that differ", head, body);
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
