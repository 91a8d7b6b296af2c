import type { ClassSet, Features, Points } from "../../src/dashboard/api.js";
import { extremes } from "../../src/report/axis.js";
import { isRing, MARKS_IN_WORDS } from "../../src/report/domain-marks.js";
import { place } from "./address.js";
import { classSwatch } from "./class-legend.js";
import { color, onTheme } from "./colors.js";
import { choice, el } from "./element.js";
import { getJson } from "./live.js";
import type { Tab } from "./tab.js";

/** Features of both domains, mapped to two dimensions. */
export const featuresTab: Tab = ({ id, details, signal }) => {
  const maps = el("div", { class: "maps" });
  const off = new Set<number>();
  const draws: (() => void)[] = [];
  const redraw = () => {
    for (const draw of draws) draw();
  };
  const by = choice(
    "Colour",
    [
      ["class", "by class"],
      ["domain", "by domain"],
    ],
    place.get("by") ?? "class",
    (value) => {
      place.set({ by: value === "class" ? undefined : value });
      redraw();
    },
  );
  const legend = el("ul", { class: "class-legend pick", "aria-label": "Classes to show" });

  getJson<Features | null>(`api/features?run=${encodeURIComponent(id)}`, signal).then(
    (features) => {
      if (!features || signal.aborted) return;
      const { before, after } = features;
      const present = [...new Set(after.class)].sort((a, b) => a - b);
      const classes = details.classes ?? { names: present.map((k) => `class ${k}`), colors: [] };
      legend.replaceChildren(
        ...present.map((k) => {
          const box = el("input", { type: "checkbox", checked: true });
          box.addEventListener("change", () => {
            if (box.checked) off.delete(k);
            else off.add(k);
            redraw();
          });
          return el(
            "li",
            {},
            el("label", {}, box, classSwatch(classes, k), classes.names[k] ?? String(k)),
          );
        }),
      );
      for (const [title, points] of [
        ["Before adaptation: the baseline", before],
        ["After adaptation: this run", after],
      ] as const) {
        if (!points) continue;
        const map = scatter(title, points, classes, off, signal);
        draws.push(map.draw);
        maps.append(map.element);
      }
    },
    () => {},
  );

  return {
    element: el(
      "div",
      {},
      el(
        "p",
        { class: "note" },
        `Features of labelled pixels, mapped to two dimensions by UMAP. ${MARKS_IN_WORDS}. Distances between far groups mean little.`,
      ),
      el("div", { class: "toolbar" }, by),
      maps,
      legend,
    ),
  };
};

function scatter(
  title: string,
  points: Points,
  classes: ClassSet,
  off: ReadonlySet<number>,
  signal: AbortSignal,
) {
  const canvas = el("canvas", { role: "img" });
  const hold = el("div", { class: "map-hold" }, canvas);
  const count = (domain: number) => points.domain.filter((one) => one === domain).length;
  canvas.setAttribute(
    "aria-label",
    `${title}: ${count(0)} pixels of the source and ${count(1)} of the target, ${new Set(points.class).size} classes`,
  );
  const [left, right] = extremes(points.x);
  const [low, high] = extremes(points.y);

  function draw(): void {
    const size = Math.floor(hold.clientWidth);
    if (size === 0) return;
    const ratio = devicePixelRatio || 1;
    canvas.width = canvas.height = size * ratio;
    const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
    pen.scale(ratio, ratio);
    const span = Math.max(right - left, high - low) || 1;
    const to = (value: number, from: number, wide: number) =>
      12 + ((value - from + (span - wide) / 2) / span) * (size - 24);
    const domains = [color("line-0"), color("line-1")];
    const byDomain = place.get("by") === "domain";
    pen.lineWidth = 1.3;
    for (const [i, x] of points.x.entries()) {
      const [k, domain] = [points.class[i] as number, points.domain[i] as number];
      if (off.has(k)) continue;
      const paint = byDomain
        ? domains[domain]
        : `rgb(${(classes.colors[k] ?? [128, 128, 128]).join(" ")})`;
      pen.beginPath();
      pen.arc(to(x, left, right - left), to(points.y[i] as number, low, high - low), 2.6, 0, 7);
      if (isRing(domain)) {
        pen.strokeStyle = paint as string;
        pen.stroke();
      } else {
        pen.fillStyle = paint as string;
        pen.fill();
      }
    }
  }
  const observer = new ResizeObserver(draw);
  observer.observe(hold);
  signal.addEventListener("abort", () => observer.disconnect());
  onTheme(draw, signal);
  return {
    element: el("figure", { class: "map" }, el("figcaption", {}, el("h2", {}, title)), hold),
    draw,
  };
}
