import type { Buckets } from "../../src/dashboard/api.js";
import { place } from "./address.js";
import type { View } from "./chart.js";
import { button, choice, el } from "./element.js";
import { whole } from "./format.js";
import { throttled } from "./live.js";
import type { SeriesSet } from "./series.js";
import { stepAxis, timeAxis } from "./step-axis.js";

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

/** Smoothing, axes and the range of steps, all in the address. */
export function toolbar(onChange: () => void) {
  const smooth = () => Math.min(0.98, Math.max(0, place.number("smooth") ?? 0));
  const slider = el("input", { type: "range", min: 0, max: 0.98, step: 0.02, value: smooth() });
  slider.addEventListener("input", () => {
    place.set({ smooth: Number(slider.value) || undefined });
    onChange();
  });
  const log = el("input", { type: "checkbox", checked: place.get("log") !== undefined });
  log.addEventListener("change", () => {
    place.set({ log: log.checked ? 1 : undefined });
    onChange();
  });
  const time = choice(
    "Axis",
    [
      ["step", "steps"],
      ["time", "time"],
    ],
    place.get("x") ?? "step",
    (value) => {
      place.set({ x: value === "step" ? undefined : value });
      onChange();
    },
  );
  /** @param seconds per step, if the run has logged them */
  const view = (seconds: Buckets | undefined): View => ({
    range: { from: place.number("from"), to: place.number("to") },
    smooth: smooth(),
    log: log.checked,
    axis: place.get("x") === "time" && seconds ? timeAxis(seconds) : stepAxis,
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
    el("label", { class: "field" }, log, el("span", {}, "Log scale")),
    time,
    el("span", { class: "hint" }, "Drag over a chart to zoom, double-click to go back"),
    back,
  );
  return { element, view, zoomed };
}
