import { place } from "./address.js";
import { button, el } from "./element.js";
import { whole } from "./format.js";
import { throttled } from "./live.js";
import type { SeriesSet } from "./series.js";

const AGAIN = 700;

/** Loads and shows the range in the address; again while the server only has a sample. */
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

/** Smoothing and the range of steps, both in the address. */
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
