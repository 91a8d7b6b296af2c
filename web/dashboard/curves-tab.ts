import type { Buckets, RunBaseline } from "../../src/dashboard/api.js";
import { extremes } from "../../src/report/axis.js";
import { place } from "./address.js";
import { type Chart, chart, type Line } from "./chart.js";
import { colorsOf } from "./colors.js";
import { loader, toolbar } from "./curve-controls.js";
import { el } from "./element.js";
import { type Panel, panelsOf, shortKey } from "./panels.js";
import { seriesOf } from "./series.js";
import type { Tab } from "./tab.js";

/** Lines of one chart: more cannot be told apart. */
const MOST_LINES = 24;

/** All curves of a run, except those of single classes. */
export const curvesTab: Tab = ({ id, details, signal }) => {
  const series = seriesOf([id], { skip: ["iou/"] }, signal);
  const grid = el("div", { class: "charts" });
  const empty = el(
    "p",
    { class: "empty", hidden: true },
    "No numbers yet. They appear here when the run writes them.",
  );
  const left = el("p", { class: "hint", hidden: true });
  const marks = el("span", { class: "hint", hidden: true }, "Triangles mark notes and warnings");
  const { element: bar, smooth, zoomed } = toolbar(() => load());
  const charts = new Map<string, Chart>();

  function show(): void {
    const own = series.runs.get(id) ?? new Map<string, Buckets>();
    const range = { from: place.number("from"), to: place.number("to") };
    empty.hidden = own.size > 0;
    marks.hidden = details.notes.length === 0;
    const panels = panelsOf([...own.keys()]);
    const more = panels.reduce((sum, [, keys]) => sum + Math.max(0, keys.length - MOST_LINES), 0);
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
      const colors = colorsOf(keys);
      const lines = keys.slice(0, MOST_LINES).map((key) => ({
        name: shortKey(key),
        color: colors.get(key) as string,
        data: own.get(key) as Buckets,
      }));
      const scores = panel.title === "mIoU";
      const levels = scores ? levelsOf(lines, details.baseline) : [];
      one.show([...lines, ...levels], range, scores ? 0 : smooth(), details.notes);
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
