import { flatOrSpread } from "../axis.js";
import { DOMAIN_MARKS, isRing } from "../domain-marks.js";
import type { Cosines, Points } from "../run-data.js";
import { escapeXml } from "../xml.js";

export const css = (color: readonly number[] | undefined): string =>
  color ? `rgb(${color.join(" ")})` : "var(--muted)";

/** Cosines as squares: positive in the accent's colour, negative in the second, empty for unseen classes. */
export function cosineMatrix(cosines: Cosines, classes: readonly string[], title: string): string {
  const cell = 16;
  const side = cosines.length * cell;
  const squares = cosines.flatMap((row, i) =>
    row.map((value, j) => {
      if (value === null) return "";
      const title = `${classes[i]} · ${classes[j]}: ${value.toFixed(3)}`;
      return `<rect x="${j * cell + 0.5}" y="${i * cell + 0.5}" width="${cell - 1}" height="${cell - 1}" fill="var(--${value < 0 ? "bad" : "accent"})" fill-opacity="${Math.min(1, Math.abs(value)).toFixed(3)}"><title>${escapeXml(title)}</title></rect>`;
    }),
  );
  const names = classes.map(
    (name, i) =>
      `<text x="-6" y="${i * cell + 12}" font-size="10.5" text-anchor="end">${escapeXml(name)}</text>`,
  );
  return `<svg viewBox="-86 0 ${side + 87} ${side + 1}" width="${side + 87}" role="img" aria-label="Cosines of prototypes ${escapeXml(title)}"><rect width="${side}" height="${side}" fill="none" stroke="var(--line)"/>${squares.join("")}${names.join("")}</svg>`;
}

const SIZE = 420;
const MARGIN = 10;
/** Points that are drawn: a sample of evenly spread ones, if there are more. */
const MOST_POINTS = 5000;

/** A map of features: the colour is the class, the mark is the domain (DOMAIN_MARKS). */
export function scatter(
  points: Points,
  colors: readonly (readonly number[])[],
  classes: readonly string[],
  title: string,
): string {
  const place = (values: readonly number[]) => {
    const [low, high] = flatOrSpread(values);
    return (i: number) =>
      (MARGIN + (((values[i] as number) - low) / (high - low)) * (SIZE - 2 * MARGIN)).toFixed(1);
  };
  const [x, y] = [place(points.x), place(points.y)];
  const stride = Math.ceil(points.x.length / MOST_POINTS);
  const groups = new Map<string, string[]>();
  for (let i = 0; i < points.x.length; i += stride) {
    const key = `${points.domain[i]} ${points.class[i]}`;
    const circles = groups.get(key) ?? [];
    circles.push(`<circle cx="${x(i)}" cy="${y(i)}" r="3"/>`);
    groups.set(key, circles);
  }
  const marks = [...groups].map(([key, circles]) => {
    const [domain, id] = key.split(" ").map(Number) as [number, number];
    const color = css(colors[id]);
    // Rings of dark classes would vanish in the dark.
    const paint = isRing(domain)
      ? `class="ring" fill="none" style="stroke:color-mix(in srgb, ${color} 75%, var(--ink))" stroke-width="1.3"`
      : `class="dot" fill="${color}" stroke="var(--firm)" stroke-width=".5"`;
    const name = `${classes[id] ?? id}, ${DOMAIN_MARKS[domain]?.domain ?? domain}`;
    return `<g ${paint}><title>${escapeXml(name)}</title>${circles.join("")}</g>`;
  });
  return `<svg viewBox="0 0 ${SIZE} ${SIZE}" width="${SIZE}" height="${SIZE}" role="img" aria-label="Map of features, ${escapeXml(title)}"><rect x=".5" y=".5" width="${SIZE - 1}" height="${SIZE - 1}" rx="3" fill="var(--sheet)"/>${marks.join("")}</svg>`;
}

/** The names of the classes, next to their colours in the label maps. */
export const classKey = (
  classes: readonly string[],
  colors: readonly (readonly number[])[],
): string =>
  `<div class="key">${classes
    .map((name, k) => `<span><i style="background:${css(colors[k])}"></i>${escapeXml(name)}</span>`)
    .join("")}</div>`;
