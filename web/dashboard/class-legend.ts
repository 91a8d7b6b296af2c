import type { ClassSet } from "../../src/dashboard/api.js";
import { CHANGE_KEY, LAYER_COLORS } from "../../src/report/change-map.js";
import { el } from "./element.js";

/** Names and colours of the classes. */
export function classLegend(classes: ClassSet | undefined): HTMLElement {
  const items = (classes?.names ?? []).map((name, k) =>
    el("li", {}, classSwatch(classes, k), name),
  );
  return el("ul", { class: "class-legend", "aria-label": "Colours of the classes" }, ...items);
}

/** The colours of the layer "change". */
export function changeLegend(): HTMLElement {
  const items = CHANGE_KEY.map(([kind, words]) => {
    const look = kind === "broken" ? "class-swatch hatched" : "class-swatch";
    const swatch = el("span", { class: look, "aria-hidden": "true" });
    swatch.style.backgroundColor = `rgb(${LAYER_COLORS[kind].join(" ")})`;
    return el("li", {}, swatch, words);
  });
  return el("ul", { class: "class-legend", "aria-label": "Colours of changes" }, ...items);
}

export function classSwatch(classes: ClassSet | undefined, k: number): HTMLElement {
  const swatch = el("span", { class: "class-swatch", "aria-hidden": "true" });
  swatch.style.background = `rgb(${(classes?.colors[k] ?? [128, 128, 128]).join(" ")})`;
  return swatch;
}
