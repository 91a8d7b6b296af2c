import uPlot from "uplot";
import type { Buckets } from "../../src/dashboard/api.js";
import { legendList } from "./chart-legend.js";
import { color, onTheme } from "./colors.js";
import { el } from "./element.js";
import { mean, short, whole } from "./format.js";

export interface Line {
  readonly name: string;
  readonly color: string;
  readonly dashed?: boolean;
  /** Lines of one group share an entry of the legend, which shows their mean. */
  readonly group?: string;
  readonly data: Buckets;
}

export interface ChartOptions {
  readonly title: string;
  /** What the chart shows, in a sentence. */
  readonly note: string;
  readonly format?: (value: number) => string;
  readonly log?: boolean;
  /** Called with a range of steps that was dragged over; undefined for all. */
  readonly onZoom?: (range: { from: number; to: number } | undefined) => void;
}

/** Steps to show; all when undefined. */
interface Range {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

export interface Chart {
  readonly element: HTMLElement;
  /** `smooth`: 0 none, towards 1 more. */
  show(lines: readonly Line[], range: Range, smooth: number): void;
}

const HEIGHT = 190;
const FEW = 24; // points that are drawn as such
const FONT = "11px 'IBM Plex Sans Variable', sans-serif";
const groupOf = ({ group, name }: Line) => group ?? name;

/** Curves over steps: means drawn over the band between lowest and highest, with a legend in words. */
export function chart(options: ChartOptions, signal: AbortSignal): Chart {
  const { title, note, format = short, onZoom } = options;
  const legend = legendList(() => rebuild());
  const plot = el("div", { class: "plot", tabindex: "0", role: "img" });
  const said = el("p", { class: "unseen", role: "status" });
  const caption = el("figcaption", {}, el("h2", {}, title), el("p", { class: "note" }, note));
  const element = el("figure", { class: "chart" }, caption, legend.element, plot, said);
  let lines: readonly Line[] = [];
  let range: Range = {};
  let smooth = 0;
  let made: { key: string; drawn: uPlot; width: number } | undefined;

  function data(): uPlot.AlignedData {
    const tables = lines.map(({ data: { at, mean: center, low, high } }) => {
      const smoothed = smooth > 0 ? smoothen(center, smooth) : center;
      return [at, smoothed, low ?? center, high ?? center] as unknown as uPlot.AlignedData;
    });
    return tables.length > 0 ? uPlot.join(tables) : [[]];
  }

  function build(width: number): uPlot {
    const shown = lines.map((line) => ({ ...line, show: !legend.isOff(groupOf(line)) }));
    return new uPlot(
      {
        width,
        height: HEIGHT,
        legend: { show: false },
        cursor: {
          sync: { key: "steps" },
          drag: { x: true, y: false, setScale: false },
          points: { size: 7 },
          y: false,
        },
        scales: {
          x: {
            time: false,
            range: (_, low, high) => [range.from ?? low, Math.max(range.to ?? high, low + 1)],
          },
          y: options.log ? { distr: 3 } : { range: airy },
        },
        axes: axes(format, options.log === true),
        series: [{}, ...shown.flatMap(plotted)],
        bands: shown.map((line, k) => ({
          series: [3 * k + 3, 3 * k + 2],
          fill: `${line.color}2a`,
        })),
        hooks: {
          setCursor: [({ cursor }) => read(cursor.idx ?? undefined)],
          setSelect: [zoom],
        },
      },
      data(),
      plot,
    );
  }

  function zoom(drawn: uPlot): void {
    const { left, width } = drawn.select;
    if (width < 6) return;
    const at = (x: number) => Math.max(0, Math.round(drawn.posToVal(x, "x")));
    drawn.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    onZoom?.({ from: at(left), to: at(left + width) });
  }

  /** Writes the values at index `i` of what is drawn, or the newest ones, into the legend. */
  function read(i: number | undefined): void {
    const step = i === undefined ? undefined : made?.drawn.data[0][i];
    legend.write((name) => {
      const own = lines.filter((line) => groupOf(line) === name);
      const values = own.flatMap(
        ({ data: { at, mean: center } }) =>
          (step === undefined ? center.at(-1) : nearest(at, center, step)) ?? [],
      );
      return values.length > 0 ? format(mean(values)) : "–";
    });
  }

  function rebuild(): void {
    made?.drawn.destroy();
    made = undefined;
    draw();
  }

  function draw(): void {
    const width = Math.floor(plot.clientWidth);
    if (width === 0) return;
    const key = JSON.stringify(
      lines.map(({ name, color: stroke, data: { at } }) => [name, stroke, at.length < FEW]),
    );
    if (made?.key === key) {
      if (made.width !== width) made.drawn.setSize({ width, height: HEIGHT });
      made.width = width;
      made.drawn.setData(data());
    } else {
      made?.drawn.destroy();
      const entries = new Map(lines.map((line) => [groupOf(line), line]));
      legend.draw(
        [...entries].map(([name, { color: stroke, dashed }]) => ({ name, color: stroke, dashed })),
      );
      made = { key, drawn: build(width), width };
    }
    read(made.drawn.cursor.idx ?? undefined);
    const words = lines.map((line) => summary(line, format)).join(" ");
    plot.setAttribute("aria-label", `${title}. ${words} Arrow keys read values.`);
  }

  plot.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (!made || (move === undefined && event.key !== "Escape")) return;
    event.preventDefault();
    if (move === undefined) return onZoom?.(undefined);
    const steps = made.drawn.data[0];
    const i = Math.min(
      steps.length - 1,
      Math.max(0, (made.drawn.cursor.idx ?? steps.length) + move),
    );
    made.drawn.setCursor({ left: made.drawn.valToPos(steps[i] as number, "x"), top: 10 });
    said.textContent = `Step ${steps[i]}: ${legend.text()}`;
  });
  plot.addEventListener("dblclick", () => onZoom?.(undefined));
  const observer = new ResizeObserver(() => draw());
  observer.observe(plot);
  onTheme(rebuild, signal);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    made?.drawn.destroy();
  });

  return {
    element,
    show(next, nextRange, nextSmooth) {
      [lines, range, smooth] = [next, nextRange, nextSmooth];
      draw();
    },
  };
}

/** The mean of a line, and the invisible edges of its band. */
function plotted({
  show,
  color: stroke,
  dashed,
  data: { at },
}: Line & { show: boolean }): uPlot.Series[] {
  const edge = { show, stroke: "transparent", width: 0, points: { show: false }, spanGaps: true };
  const points = { show: at.length < FEW, size: 5, fill: stroke };
  const line = { show, stroke, width: 1.75, spanGaps: true, points };
  return [dashed ? { ...line, dash: [5, 4] } : line, edge, edge];
}

function axes(format: (value: number) => string, log: boolean): uPlot.Axis[] {
  const grid = { stroke: color("line"), width: 1 };
  const axis = { stroke: color("muted"), ticks: { show: false }, font: FONT };
  const power = (value: number) => Math.abs(Math.log10(value) % 1) < 1e-9;
  const powers = (_: uPlot, splits: number[]) => splits.map((one) => (power(one) ? one : null));
  const written = (value: number) => format(value).replace(/\.0+(?=\D*$)/, "");
  return [
    {
      ...axis,
      grid,
      size: 26,
      values: (_, splits) => splits.map((one) => (Number.isInteger(one) ? whole(one) : "")),
    },
    {
      ...axis,
      grid: log ? { ...grid, filter: powers } : grid,
      size: 52,
      values: (_, splits) => splits.map((one) => (one === null ? "" : written(one))),
    },
  ];
}

/** A line in words, for who cannot see it. */
function summary({ name, data }: Line, format: (value: number) => string): string {
  const { at, mean: center, low = center, high = center } = data;
  const [least, most] = [
    low.reduce((a, b) => Math.min(a, b)),
    high.reduce((a, b) => Math.max(a, b)),
  ];
  const last = `${format(center.at(-1) as number)} at step ${at.at(-1)}`;
  return `${name}: ${last}, between ${format(least)} and ${format(most)}.`;
}

/** Exponential moving average without the pull of its start. */
function smoothen(values: readonly number[], weight: number): number[] {
  let [sum, norm] = [0, 0];
  return values.map((value) => {
    sum = sum * weight + value * (1 - weight);
    norm = norm * weight + 1 - weight;
    return sum / norm;
  });
}

/** A little air above and below; down to 0 where that is near. */
function airy(_: uPlot, low: number | null, high: number | null): [number, number] {
  if (low === null || high === null) return [0, 1];
  const air = (high - low || Math.abs(high) || 1) * 0.08;
  return [low >= 0 && low < (high - low) * 0.5 ? 0 : low - air, high + air];
}

/** The value whose step is nearest. */
function nearest(
  at: readonly number[],
  values: readonly number[],
  step: number,
): number | undefined {
  let [low, high] = [0, at.length - 1];
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((at[middle] as number) < step) low = middle + 1;
    else high = middle;
  }
  const before = low > 0 && step - (at[low - 1] as number) < (at[low] as number) - step;
  return values[before ? low - 1 : low];
}
