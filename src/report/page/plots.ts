import type { Cosines, Points } from "../run-data.js";
import { escapeXml } from "../xml.js";

export const css = (color: readonly number[] | undefined): string =>
  color ? `rgb(${color.join(" ")})` : "var(--faint)";

/** Cosines as squares: alike in the accent's colour, opposed in the other, never seen left empty. */
export function cosineMatrix(cosines: Cosines, classes: readonly string[]): string {
  const cell = 16;
  const side = cosines.length * cell;
  const squares = cosines.flatMap((row, i) =>
    row.map((value, j) => {
      if (value === null) return "";
      const title = `${classes[i]} · ${classes[j]}: ${value.toFixed(3)}`;
      return `<rect x="${j * cell + 0.5}" y="${i * cell + 0.5}" width="${cell - 1}" height="${cell - 1}" fill="var(--${value < 0 ? "other" : "accent"})" fill-opacity="${Math.min(1, Math.abs(value)).toFixed(3)}"><title>${escapeXml(title)}</title></rect>`;
    }),
  );
  const names = classes.map(
    (name, i) =>
      `<text x="-6" y="${i * cell + 12}" font-size="10.5" text-anchor="end">${escapeXml(name)}</text>`,
  );
  return `<svg viewBox="-86 0 ${side + 87} ${side + 1}" width="${side + 87}" role="img"><rect width="${side}" height="${side}" fill="none" stroke="var(--rule)"/>${squares.join("")}${names.join("")}</svg>`;
}

/** A map of features: colour is class, shape is domain (source: ring, target: dot). */
export function scatter(
  points: Points,
  colors: readonly (readonly number[])[],
  classes: readonly string[],
): string {
  const size = 420;
  const margin = 10;
  const span = (values: readonly number[]) => {
    const [low, high] = [Math.min(...values), Math.max(...values)];
    return (value: number) =>
      (margin + ((value - low) / (high - low || 1)) * (size - 2 * margin)).toFixed(1);
  };
  const [x, y] = [span(points.x), span(points.y)];
  const groups = new Map<string, number[]>();
  for (const i of points.x.keys()) {
    const key = `${points.domain[i]} ${points.class[i]}`;
    groups.set(key, [...(groups.get(key) ?? []), i]);
  }
  const marks = [...groups].map(([key, members]) => {
    const [domain, id] = key.split(" ").map(Number) as [number, number];
    const circles = members.map(
      (i) => `<circle cx="${x(points.x[i] as number)}" cy="${y(points.y[i] as number)}" r="3"/>`,
    );
    const color = css(colors[id]);
    const paint =
      domain === 0
        ? `fill="none" stroke="${color}" stroke-width="1.3"`
        : `fill="${color}" stroke="var(--paper)" stroke-width=".5"`;
    const title = `${classes[id] ?? id}, ${domain === 0 ? "source" : "target"}`;
    return `<g ${paint}><title>${escapeXml(title)}</title>${circles.join("")}</g>`;
  });
  return `<svg viewBox="0 0 ${size} ${size}" width="${size}" height="${size}" role="img"><rect x=".5" y=".5" width="${size - 1}" height="${size - 1}" rx="3" fill="var(--raised)"/>${marks.join("")}</svg>`;
}

/** Squares of colour with names: of the classes, as the benchmark paints them. */
export const classKey = (
  classes: readonly string[],
  colors: readonly (readonly number[])[],
): string =>
  `<div class="key">${classes
    .map((name, k) => `<span><i style="background:${css(colors[k])}"></i>${escapeXml(name)}</span>`)
    .join("")}</div>`;
