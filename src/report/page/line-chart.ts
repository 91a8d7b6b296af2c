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
}

export interface ChartSize {
  readonly width: number;
  readonly height: number;
}

const LEFT = 44;
const RIGHT = 8;
const TOP = 8;
const BOTTOM = 24;

/** Lines over training steps as inline SVG; the vertical axis starts where the values do. */
export function lineChart(
  series: readonly Series[],
  { width, height }: ChartSize,
  format: (value: number) => string,
): string {
  const steps = series.flatMap((one) => one.steps);
  const values = series.flatMap((one) => one.values).filter(Number.isFinite);
  if (values.length === 0) return "";
  const last = Math.max(...steps, 1);
  const ticks = niceTicks(Math.min(...values), Math.max(...values), height > 200 ? 5 : 3);
  const [low, high] = [ticks[0] as number, ticks.at(-1) as number];
  const x = (step: number) => LEFT + (step / last) * (width - LEFT - RIGHT);
  const y = (value: number) => TOP + ((high - value) / (high - low)) * (height - TOP - BOTTOM);
  const path = (points: readonly (readonly [number, number])[]) =>
    points
      .map(([a, b], i) => `${i === 0 ? "M" : "L"}${x(a).toFixed(1)} ${y(b).toFixed(1)}`)
      .join("");
  const grid = ticks.map(
    (tick) =>
      `<line x1="${LEFT}" x2="${width - RIGHT}" y1="${y(tick).toFixed(1)}" y2="${y(tick).toFixed(1)}" stroke="var(--rule)"/>` +
      `<text x="${LEFT - 8}" y="${(y(tick) + 4).toFixed(1)}" font-size="11" text-anchor="end">${format(tick)}</text>`,
  );
  const ends = [0, last].map(
    (step) =>
      `<text x="${x(step)}" y="${height - 5}" font-size="11" text-anchor="${step === 0 ? "start" : "end"}">${step === 0 ? "step 0" : step}</text>`,
  );
  const lines = series.map(({ name, steps: at, values: raw, color, smooth, dots }) => {
    const points = at
      .map((step, i) => [step, raw[i] as number] as const)
      .filter(([, value]) => Number.isFinite(value));
    const line = (list: readonly (readonly [number, number])[], more: string) =>
      `<path d="${path(list)}" fill="none" stroke="${color}" stroke-linejoin="round" ${more}><title>${escapeXml(name)}</title></path>`;
    const marks = dots
      ? points.map(
          ([step, value]) =>
            `<circle cx="${x(step).toFixed(1)}" cy="${y(value).toFixed(1)}" r="3" fill="${color}"><title>${escapeXml(name)}, step ${step}: ${format(value)}</title></circle>`,
        )
      : [];
    if (!smooth) return line(points, 'stroke-width="2"') + marks.join("");
    return (
      line(points, 'stroke-width="1" stroke-opacity="0.28"') +
      line(runningMean(points), 'stroke-width="2"')
    );
  });
  return `<svg viewBox="0 0 ${width} ${height}" width="${width}" height="${height}" role="img">${grid.join("")}${ends.join("")}${lines.join("")}</svg>`;
}

/** The mean over a window of a twentieth of the points to each side. */
function runningMean(points: readonly (readonly [number, number])[]): [number, number][] {
  const reach = Math.ceil(points.length / 20);
  return points.map(([step], i) => {
    const near = points.slice(Math.max(0, i - reach), i + reach + 1);
    return [step, near.reduce((sum, [, value]) => sum + value, 0) / near.length];
  });
}

/** Round numbers from at or below `low` to at or above `high`, about so many. */
export function niceTicks(low: number, high: number, about: number): number[] {
  const range = high - low || Math.abs(high) || 1;
  const rough = range / Math.max(1, about - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5].find((m) => m * power >= rough * 0.999) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}
