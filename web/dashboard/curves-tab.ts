import type { Buckets, RunBaseline, RunSummary } from "../../src/dashboard/api.js";
import { extremes } from "../../src/report/axis.js";
import { gradientShares, weightText } from "../../src/report/loss-weights.js";
import { type Chart, chart } from "./chart.js";
import { classColors, colorsOf } from "./colors.js";
import { loader, toolbar } from "./curve-controls.js";
import { el } from "./element.js";
import type { Line } from "./line.js";
import { type Panel, PREDICTED, panelsOf, shortKey } from "./panels.js";
import { seriesOf } from "./series.js";
import type { Tab } from "./tab.js";

/** Lines of one chart: more cannot be told apart. */
const MOST_LINES = 24;

/** All curves of a run, except those of single classes. */
export const curvesTab: Tab = ({ id, details, signal }) => {
  const series = seriesOf([id], { skip: ["iou/", ...pseudoByClass(details.summary)] }, signal);
  const grid = el("div", { class: "charts" });
  const empty = el(
    "p",
    { class: "empty", hidden: true },
    "No numbers yet. They appear here when the run writes them.",
  );
  const left = el("p", { class: "hint", hidden: true });
  const marks = el("span", { class: "hint", hidden: true }, "Triangles mark notes and warnings");
  const { element: bar, view, zoomed } = toolbar(() => load());
  const charts = new Map<string, Chart>();

  function show(): void {
    const own = series.runs.get(id) ?? new Map<string, Buckets>();
    const shown = {
      ...view(own.get("seconds")),
      ...{ notes: details.notes, until: details.summary.steps },
    };
    empty.hidden = own.size > 0;
    marks.hidden = details.notes.length === 0;
    const panels = panelsOf([...own.keys()]);
    const { weights } = details;
    const shares = gradientShares(weights, (key) => own.get(key)?.mean.at(-1));
    const more = panels
      .filter(([{ title }]) => title !== PREDICTED)
      .reduce((sum, [, keys]) => sum + Math.max(0, keys.length - MOST_LINES), 0);
    left.hidden = more === 0;
    left.textContent = `${more} more keys are not drawn; metrics.jsonl has them.`;
    for (const [i, [panel, keys]] of panels.entries()) {
      let one = charts.get(panel.title);
      if (!one) {
        const note = noteOf(panel, details.baseline);
        one = chart({ ...panel, note, onZoom: zoomed }, signal);
        charts.set(panel.title, one);
        const after = panels.slice(i + 1).find(([{ title }]) => charts.has(title));
        grid.insertBefore(
          one.element,
          after ? (charts.get(after[0].title) as Chart).element : null,
        );
      }
      const byClass = panel.title === PREDICTED;
      const colors = byClass ? classColors(keys, details.classes) : colorsOf(keys);
      const lines = (byClass ? largest(keys, own) : keys.slice(0, MOST_LINES)).map((key) => ({
        name: shortKey(key),
        color: colors.get(key) as string,
        detail: weightText(key, weights, shares),
        data: own.get(key) as Buckets,
      }));
      const scores = panel.title === "mIoU";
      const levels = scores ? levelsOf(lines, details.baseline) : [];
      one.show([...lines, ...levels], panel.exact ? { ...shown, smooth: 0 } : shown);
    }
  }
  bar.append(marks);
  const load = loader(series, show, signal);
  load();
  return {
    element: el("div", {}, bar, empty, grid, left),
    update(next) {
      details = next;
      load();
    },
  };
};

/** Classes in one chart: the largest shares. */
const MOST_CLASSES = 8;

function largest(keys: readonly string[], own: ReadonlyMap<string, Buckets>): string[] {
  const peak = (key: string) => extremes(own.get(key)?.mean ?? [])[1];
  return [...keys].sort((a, b) => peak(b) - peak(a)).slice(0, MOST_CLASSES);
}

/** The prefixes of the keys that the Classes tab shows. */
export const pseudoByClass = ({ last }: Pick<RunSummary, "last">): string[] =>
  Object.keys(last).flatMap((set) => [`pseudo/${set}/coverage/`, `pseudo/${set}/accuracy/`]);

const noteOf = ({ title, note }: Panel, baseline: RunBaseline | undefined): string =>
  title === "mIoU" && baseline ? `${note}. Dashed: the last snapshot of ${baseline.id}` : note;

/** The baseline's last mIoU on the sets of some lines, as dashed lines. */
function levelsOf(lines: readonly Line[], baseline: RunBaseline | undefined): Line[] {
  if (!baseline) return [];
  const [first, last] = extremes(lines.flatMap(({ data: { at } }) => [at[0] ?? 0, at.at(-1) ?? 0]));
  return lines.flatMap(({ name, color }) => {
    const value = baseline.miou[name];
    if (value === undefined) return [];
    const data = { at: [first, last], mean: [value, value] };
    return [{ name: `${name}, ${baseline.kind}`, color, dashed: true, level: true, data }];
  });
}
