import { svg } from "./element.js";

const [WIDTH, HEIGHT] = [96, 24];

/** A small line chart with a description in words. */
export function spark(values: readonly number[], words: string, top?: number): SVGSVGElement {
  const low = top === undefined ? Math.min(...values) : 0;
  const high = top ?? Math.max(...values);
  const x = (i: number) => 1 + (i / Math.max(1, values.length - 1)) * (WIDTH - 4);
  const y = (value: number) => HEIGHT - 3 - ((value - low) / (high - low || 1)) * (HEIGHT - 6);
  const path = values.map(
    (value, i) => `${i === 0 ? "M" : "L"}${x(i).toFixed(1)} ${y(value).toFixed(1)}`,
  );
  const last = values.at(-1);
  return svg(
    "svg",
    { class: "spark", viewBox: `0 0 ${WIDTH} ${HEIGHT}`, role: "img", "aria-label": words },
    svg("path", { d: path.join("") }),
    last !== undefined && svg("circle", { cx: x(values.length - 1), cy: y(last), r: 2 }),
  );
}
