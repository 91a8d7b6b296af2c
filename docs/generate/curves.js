// Charts of docs/results.md: docs/results/PAIR.SET.svg, mIoU over the steps of every row, from PAIR.json.
import { readFileSync } from "node:fs";
import { parse } from "yaml";
import { FOLDER } from "./results.js";

const LINK = /\]\(results\/([\w-]+)\.([\w-]+)\.svg\)/g;

const BOX = { width: 760, height: 420, left: 48, right: 210, top: 20, bottom: 40 };
const LINE_HEIGHT = 15;
const INK = "#24292f";
const FAINT = "#d0d7de";
const COLORS = [
  ...["#6e7781", "#0969da", "#bf5600", "#1a7f37", "#8250df", "#cf222e", "#0a7d91"],
  ...["#9a6700", "#bf3989", "#4d7c0f", "#57606a", "#5b5bd6", "#a0522d", "#2f6f4f"],
];

/**
 * The charts that a page links to: their file names and SVG.
 * @param {string} page
 */
export function chartsOf(page, folder = FOLDER) {
  return new Map(
    [...page.matchAll(LINK)].map(([, pair = "", set = ""]) => {
      const { rows } = JSON.parse(readFileSync(`${folder}${pair}.json`, "utf8"));
      const protocol = parse(readFileSync(`${folder}${pair}.yaml`, "utf8"), { merge: true });
      const curves = meanCurves(rows, Object.keys(protocol.rows), set);
      return [`${pair}.${set}.svg`, curvesSvg(curves, `mIoU on ${set} over the steps, percent`)];
    }),
  );
}

/** @typedef {[step: number, miou: number]} Point */

/**
 * The mean curve over the seeds of each row that has all seeds of the first one: means of others would be of other seeds.
 * @param {readonly import("../../bench/result-rows.js").Row[]} rows
 * @param {readonly string[]} names of rows, in the protocol's order
 * @param {string} set
 * @returns {{ name: string, points: Point[] }[]}
 */
export function meanCurves(rows, names, set) {
  const runsOf = (/** @type {string | undefined} */ name) =>
    rows.flatMap((row) => (row.row === name ? [row.history[set] ?? []] : []));
  const seeds = runsOf(names[0]).length;
  return names.flatMap((name) => {
    const runs = runsOf(name);
    if (runs.length < seeds) return [];
    const [first = []] = runs;
    const points = first.flatMap(([step]) => {
      const values = runs.map((run) => run.find(([at]) => at === step)?.[1]);
      const known = values.filter((value) => value !== undefined);
      if (known.length < runs.length) return [];
      const mean = known.reduce((sum, value) => sum + value, 0) / known.length;
      return [/** @type {Point} */ ([step, mean])];
    });
    return points.length > 1 ? [{ name, points }] : [];
  });
}

/**
 * An SVG of curves with their names at their ends.
 * @param {ReturnType<typeof meanCurves>} curves
 * @param {string} title
 */
export function curvesSvg(curves, title) {
  const { width, height, left, right, top, bottom } = BOX;
  const points = curves.flatMap((curve) => curve.points);
  const steps = Math.max(...points.map(([step]) => step));
  const shares = points.map(([, share]) => 100 * share);
  const [low, high] = [Math.floor(Math.min(...shares)) - 1, Math.ceil(Math.max(...shares)) + 1];
  const x = (/** @type {number} */ step) => left + ((width - left - right) * step) / steps;
  const y = (/** @type {number} */ percent) =>
    top + (height - top - bottom) * (1 - (percent - low) / (high - low));
  const every = high - low > 12 ? 5 : 2;
  const ticks = Array.from({ length: high - low + 1 }, (_, i) => low + i).filter(
    (percent) => percent % every === 0,
  );
  const grid = ticks.map(
    (percent) =>
      `<path d="M${left} ${y(percent).toFixed(1)}H${width - right}" stroke="${FAINT}"/>` +
      `<text x="${left - 8}" y="${(y(percent) + 4).toFixed(1)}" text-anchor="end">${percent}</text>`,
  );
  const marks = [...new Set(points.map(([step]) => step))].map(
    (step) =>
      `<text x="${x(step)}" y="${height - bottom + 20}" text-anchor="middle">${step}</text>`,
  );
  const ends = curves.map(({ points }) => y(100 * /** @type {Point} */ (points.at(-1))[1]));
  const places = apart(ends, LINE_HEIGHT, [top, height - bottom]);
  const lines = curves.map(({ name, points: own }, i) => {
    const color = COLORS[i % COLORS.length];
    const path = own.map(([step, share]) => `${x(step).toFixed(1)} ${y(100 * share).toFixed(1)}`);
    const [step, share] = /** @type {Point} */ (own.at(-1));
    const end = width - right + 14;
    return (
      `<path d="M${path.join("L")}" fill="none" stroke="${color}" stroke-width="2"/>` +
      `<path d="M${x(step) + 2} ${ends[i]?.toFixed(1)}L${end - 4} ${places[i]?.toFixed(1)}" fill="none" stroke="${color}" stroke-width="0.8"/>` +
      `<text x="${end}" y="${((places[i] ?? 0) + 4).toFixed(1)}" fill="${color}">${escaped(name)}, ${(100 * share).toFixed(1)}</text>`
    );
  });
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-family="sans-serif" font-size="12" fill="${INK}" role="img" aria-label="${escaped(title)}">` +
    `<title>${escaped(title)}</title><rect width="100%" height="100%" fill="white"/>` +
    `${grid.join("")}${marks.join("")}<text x="${left}" y="${height - 6}">steps</text>${lines.join("")}</svg>\n`
  );
}

/**
 * Heights near the wanted ones, at least `gap` apart and inside the bounds where there is room.
 * @param {readonly number[]} wanted
 * @param {number} gap
 * @param {readonly [number, number]} bounds
 */
function apart(wanted, gap, [first, last]) {
  const order = wanted.map((_, i) => i).sort((a, b) => (wanted[a] ?? 0) - (wanted[b] ?? 0));
  const placed = [...wanted];
  let least = first;
  for (const i of order) {
    placed[i] = Math.max(placed[i] ?? 0, least);
    least = (placed[i] ?? 0) + gap;
  }
  let most = last;
  for (const i of order.toReversed()) {
    placed[i] = Math.min(placed[i] ?? 0, most);
    most = (placed[i] ?? 0) - gap;
  }
  return placed;
}

const escaped = (/** @type {string} */ text) =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll('"', "&quot;");
