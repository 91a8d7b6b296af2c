import { place } from "./address.js";
import { type Chart, chart } from "./chart.js";
import { colorsOf } from "./colors.js";
import { loader, toolbar } from "./curve-controls.js";
import { el } from "./element.js";
import { panelsOf, shortKey } from "./panels.js";
import { seriesOf } from "./series.js";
import type { Tab } from "./tab.js";

/** All curves of a run but those of single classes. */
export const curvesTab: Tab = ({ id, signal }) => {
  const series = seriesOf([id], { skip: ["iou/"] }, signal);
  const grid = el("div", { class: "charts" });
  const empty = el(
    "p",
    { class: "empty", hidden: true },
    "No numbers yet; they appear here as the run writes them.",
  );
  const { element: bar, smooth, zoomed } = toolbar(() => load());
  const charts = new Map<string, Chart>();

  function show(): void {
    const own = series.runs.get(id) ?? new Map();
    const range = { from: place.number("from"), to: place.number("to") };
    empty.hidden = own.size > 0;
    for (const [panel, keys] of panelsOf([...own.keys()])) {
      let one = charts.get(panel.title);
      if (!one) {
        one = chart({ ...panel, onZoom: zoomed }, signal);
        charts.set(panel.title, one);
        const order = panelsOf([...own.keys()]).map(([{ title }]) => title);
        const after = order
          .slice(order.indexOf(panel.title) + 1)
          .find((title) => charts.has(title));
        grid.insertBefore(one.element, after ? (charts.get(after) as Chart).element : null);
      }
      const colors = colorsOf(keys);
      const lines = keys.map((key) => ({
        name: shortKey(key),
        color: colors.get(key) as string,
        data: own.get(key) as never,
      }));
      one.show(lines, range, panel.title === "mIoU" ? 0 : smooth());
    }
  }
  const load = loader(series, show, signal);
  load();
  return { element: el("div", {}, bar, empty, grid), update: load };
};
