import { place } from "./address.js";
import { type Chart, chart } from "./chart.js";
import { colorsOf } from "./colors.js";
import { button, el } from "./element.js";
import { whole } from "./format.js";
import { throttled } from "./live.js";
import { panelsOf, shortKey } from "./panels.js";
import type { Tab } from "./run-page.js";
import { type SeriesSet, seriesOf } from "./series.js";

const AGAIN = 700;

/** All curves of a run but those of single classes. */
export const curves: Tab = ({ id, signal }) => {
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

/** Fetches the range in the address and shows it; again while the server has but a sample. */
export function loader(series: SeriesSet, show: () => void, signal: AbortSignal): () => void {
  const load = throttled(1000, async () => {
    if (signal.aborted) return;
    await series.load({ from: place.number("from"), to: place.number("to") });
    if (signal.aborted) return;
    show();
    if (!series.complete) setTimeout(load, AGAIN);
  });
  return load;
}

/** Smoothing and the way back from a zoom, both kept in the address. */
export function toolbar(onChange: () => void) {
  const smooth = () => Math.min(0.98, Math.max(0, place.number("smooth") ?? 0));
  const slider = el("input", { type: "range", min: 0, max: 0.98, step: 0.02, value: smooth() });
  slider.addEventListener("input", () => {
    place.set({ smooth: Number(slider.value) || undefined });
    onChange();
  });
  const where = el("span", {});
  const back = el(
    "span",
    { class: "zoom" },
    where,
    button("Show all", () => zoomed(undefined)),
  );
  function mark(): void {
    const [from, to] = [place.number("from"), place.number("to")];
    back.hidden = from === undefined && to === undefined;
    where.textContent = `Steps ${whole(from ?? 0)} to ${to === undefined ? "the end" : whole(to)}`;
  }
  function zoomed(range: { from: number; to: number } | undefined): void {
    place.set({ from: range?.from, to: range?.to });
    mark();
    onChange();
  }
  mark();
  const element = el(
    "div",
    { class: "toolbar" },
    el("label", { class: "field" }, el("span", {}, "Smoothing"), slider),
    el("span", { class: "hint" }, "Drag over a chart to zoom, double-click to go back"),
    back,
  );
  return { element, smooth, zoomed };
}
