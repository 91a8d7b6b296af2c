import { flatOrSpread, niceTicks } from "../axis.js";
import { escapeXml } from "../xml.js";

/** One line of a chart. */
export interface Series {
  readonly name: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** A CSS colour. */
  readonly color: string;
  /** Draw the values faintly, and a running mean over them. */
  readonly smooth?: boolean;
  readonly dots?: boolean;
  /** The lowest and the highest values, as a band behind the line. */
  readonly band?: { readonly low: readonly number[]; readonly high: readonly number[] } | undefined;
  /** The class of its elements. */
  readonly group?: string;
}

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

export interface ChartOptions {
  /** What the chart shows, for readers who cannot see it. */
  readonly title: string;
  readonly format: (value: number) => string;
  /** Lowest and highest value of the vertical axis; those of the data by default. */
  readonly range?: readonly [low: number, high: number] | undefined;
  /** Values to compare with, as dashed lines. */
  readonly levels?: readonly { readonly value: number; readonly color: string }[];
  /** Steps to mark on the axis, with their texts. */
  readonly marks?: readonly { readonly step: number; readonly text: string }[];
  /** The last step of the axis, if it is later than the last one with a value. */
  readonly until?: number | undefined;
}

type Point = readonly [step: number, value: number];

const LEFT = 44;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 24;
/** Points of the longest line that is drawn: more than a chart has pixels cannot be told apart. */
const MOST_POINTS = 1000;

/** Lines over training steps as inline SVG; "" without values. */
export function lineChart(
  series: readonly Series[],
  { width, height }: ChartSize,
  { title, format, range, levels = [], marks = [], until = 1 }: ChartOptions,
): string {
  const lines = series.map((one) => ({ ...one, points: thinned(finite(one)) }));
  const values = [
    ...lines.flatMap(({ points, band }) => [
      ...points.map(([, value]) => value),
      ...(band ? [...band.low, ...band.high] : []),
    ]),
    ...levels.map(({ value }) => value),
  ];
  if (values.length === 0) return "";
  const last = lines.reduce((most, { points }) => Math.max(most, points.at(-1)?.[0] ?? 0), until);
  const ticks = niceTicks(...(range ?? flatOrSpread(values)), height > 200 ? 5 : 3);
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number];
  const x = (step: number) => LEFT + (step / last) * (width - LEFT - RIGHT);
  const y = (value: number) => TOP + ((high - value) / (high - low)) * (height - TOP - BOTTOM);
  const path = (points: readonly Point[]) =>
    points
      .map(([a, b], i) => `${i === 0 ? "M" : "L"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`)
      .join("");
  const across = (value: number, look: string) =>
    `<line x1="${LEFT}" x2="${width - RIGHT}" y1="${y(value).toFixed(1)}" y2="${y(value).toFixed(1)}" ${look}/>`;
  const grid = ticks.map(
    (tick) =>
      across(tick, 'stroke="var(--line)"') +
      `<text x="${LEFT - 8}" y="${(y(tick) + 4).toFixed(1)}" font-size="11" text-anchor="end">${format(tick)}</text>`,
  );
  const dashed = levels.map(({ value, color }) =>
    across(value, `stroke="${color}" stroke-width="1.5" stroke-dasharray="6 5"`),
  );
  const ends = [0, last].map(
    (step) =>
      `<text x="${x(step)}" y="${height - 5}" font-size="11" text-anchor="${step === 0 ? "start" : "end"}">${step === 0 ? "step 0" : step}</text>`,
  );
  const base = height - BOTTOM;
  const flags = marks.map(
    ({ step, text }) =>
      `<path d="M${x(step).toFixed(1)} ${base}l-4 7h8z" fill="var(--warn)"><title>${escapeXml(text)}</title></path>`,
  );
  const area = ({ steps, band, color }: Series) => {
    if (!band) return "";
    const edge = (values: readonly number[]) =>
      values.map((value, i): Point => [steps[i] as number, value]);
    const back = path(edge(band.low).reverse()).replace("M", "L");
    return `<path d="${path(edge(band.high))}${back}Z" fill="${color}" fill-opacity="0.16"/>`;
  };
  const drawn = lines.map((one) => {
    const inner = area(one) + strokes(one);
    return one.group === undefined ? inner : `<g class="${one.group}">${inner}</g>`;
  });
  function strokes({
    name,
    points,
    color,
    smooth,
    dots,
  }: Series & { readonly points: readonly Point[] }): string {
    const line = (list: readonly Point[], more: string) =>
      `<path d="${path(list)}" fill="none" stroke="${color}" stroke-linejoin="round" ${more}><title>${escapeXml(name)}</title></path>`;
    const circles = dots
      ? points.map(
          ([step, value]) =>
            `<circle cx="${x(step).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="${color}"><title>${escapeXml(name)}, step ${step}: ${format(value)}</title></circle>`,
        )
      : [];
    if (!smooth) return line(points, 'stroke-width="2"') + circles.join("");
    return (
      line(points, 'stroke-width="1" stroke-opacity="0.28"') +
      line(runningMean(points), 'stroke-width="2"')
    );
  }
  const parts = [grid, dashed, ends, flags, drawn].flat().join("");
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img" aria-label="${escapeXml(title)}">${parts}</svg>`;
}

const finite = ({ steps, values }: Series): Point[] =>
  steps.flatMap((step, i): Point[] =>
    Number.isFinite(values[i]) ? [[step, values[i] as number]] : [],
  );

/** Means of neighbouring points, if there are more than can be drawn. */
function thinned(points: readonly Point[]): readonly Point[] {
  if (points.length <= MOST_POINTS) return points;
  const start = (part: number) => Math.floor((part * points.length) / MOST_POINTS);
  return Array.from({ length: MOST_POINTS }, (_, part): Point => {
    const [from, to] = [start(part), start(part + 1)];
    let sum = 0;
    for (let i = from; i < to; i++) sum += (points[i] as Point)[1];
    return [(points[to - 1] as Point)[0], sum / (to - from)];
  });
}

/** The mean over a window of a twentieth of the points to each side. */
function runningMean(points: readonly Point[]): Point[] {
  const reach = Math.ceil(points.length / 20);
  return points.map(([step], i) => {
    const near = points.slice(Math.max(0, i - reach), i + reach + 1);
    return [step, near.reduce((sum, [, value]) => sum + value, 0) / near.length];
  });
}
