import uPlot from "uplot";
import type { Buckets } from "../../src/dashboard/api.js";
import { color, onTheme } from "./colors.js";
import { el } from "./element.js";
import { short, whole } from "./format.js";

export interface Line {
  readonly name: string;
  readonly color: string;
  readonly dashed?: boolean;
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

export interface Chart {
  readonly element: HTMLElement;
  /** `range`: the steps to show. `smooth`: 0 none, towards 1 more. */
  show(
    lines: readonly Line[],
    range: { from?: number | undefined; to?: number | undefined },
    smooth: number,
  ): void;
}

const HEIGHT = 190;

/** Curves over steps: means drawn over the band between lowest and highest, with a legend in words. */
export function chart(options: ChartOptions, signal: AbortSignal): Chart {
  const { title, note, format = short, log = false, onZoom } = options;
  const legend = el("ul", { class: "legend" });
  const plot = el("div", { class: "plot", tabindex: "0", role: "img" });
  const said = el("p", { class: "unseen", role: "status" });
  const element = el(
    "figure",
    { class: "chart" },
    el("figcaption", {}, el("h3", {}, title), el("p", { class: "note" }, note)),
    legend,
    plot,
    said,
  );
  const off = new Set<string>();
  let lines: readonly Line[] = [];
  let range: { from?: number | undefined; to?: number | undefined } = {};
  let smooth = 0;
  let made: { key: string; chart: uPlot; width: number } | undefined;
  let values: HTMLElement[] = [];

  function data(): uPlot.AlignedData {
    const tables = lines.map(({ data: { at, mean, low, high } }) => {
      const smoothed = smooth > 0 ? smoothen(mean, smooth) : mean;
      return [at, smoothed, low ?? mean, high ?? mean] as unknown as uPlot.AlignedData;
    });
    return tables.length > 0 ? uPlot.join(tables) : [[]];
  }

  function build(width: number): uPlot {
    const ink = color("muted");
    const grid = { stroke: color("line"), width: 1 };
    const axis = {
      stroke: ink,
      grid,
      ticks: { show: false },
      font: "11px 'IBM Plex Sans Variable', sans-serif",
    };
    const series: uPlot.Series[] = [{}];
    const bands: uPlot.Band[] = [];
    for (const line of lines) {
      const show = !off.has(line.name);
      const edge = {
        show,
        stroke: "transparent",
        width: 0,
        points: { show: false },
        spanGaps: true,
      };
      bands.push({
        series: [series.length + 2, series.length + 1],
        fill: `${line.color}${smooth > 0 ? "33" : "2a"}`,
      });
      const few = line.data.at.length < 24;
      series.push(
        {
          show,
          stroke: line.color,
          width: 1.75,
          spanGaps: true,
          points: { show: few, size: 5, fill: line.color },
          ...(line.dashed ? { dash: [5, 4] } : {}),
        },
        edge,
        edge,
      );
    }
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
          y: log ? { distr: 3 } : { range: nice },
        },
        axes: [
          {
            ...axis,
            size: 26,
            values: (_, ticks) => ticks.map((tick) => (Number.isInteger(tick) ? whole(tick) : "")),
          },
          {
            ...axis,
            size: 52,
            values: (_, ticks) => ticks.map((tick) => (tick === null ? "" : format(tick))),
          },
        ],
        series,
        bands,
        hooks: {
          setCursor: [({ cursor }) => read(cursor.idx ?? undefined)],
          setSelect: [
            (self) => {
              const { left, width: wide } = self.select;
              if (wide < 6) return;
              const at = (x: number) => Math.max(0, Math.round(self.posToVal(x, "x")));
              self.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
              onZoom?.({ from: at(left), to: at(left + wide) });
            },
          ],
        },
      },
      data(),
      plot,
    );
  }

  /** Writes the values at index `i` of the drawn data, or the newest ones, into the legend. */
  function read(i: number | undefined): void {
    const drawn = made?.chart.data;
    for (const [
      k,
      {
        data: { at, mean },
      },
    ] of lines.entries()) {
      const value =
        i === undefined || !drawn ? mean.at(-1) : nearest(at, mean, drawn[0]?.[i] as number);
      const cell = values[k];
      if (cell) cell.textContent = value === undefined ? "–" : format(value);
    }
  }

  function drawLegend(): void {
    values = [];
    legend.replaceChildren(
      ...lines.map(({ name, color: stroke, dashed }) => {
        const swatch = el("span", {
          class: dashed ? "swatch dashed" : "swatch",
          "aria-hidden": "true",
        });
        swatch.style.color = stroke;
        const value = el("span", { class: "legend-value" });
        values.push(value);
        const toggle = el(
          "button",
          { type: "button", "aria-pressed": String(!off.has(name)), title: "show or hide" },
          swatch,
          el("span", { class: "legend-name" }, name),
        );
        toggle.addEventListener("click", () => {
          if (!off.delete(name)) off.add(name);
          toggle.setAttribute("aria-pressed", String(!off.has(name)));
          rebuild();
        });
        return el("li", {}, toggle, value);
      }),
    );
  }

  function rebuild(): void {
    made?.chart.destroy();
    made = undefined;
    draw();
  }

  function draw(): void {
    const width = Math.floor(plot.clientWidth);
    if (width === 0) return;
    const few = lines.map(({ data: { at } }) => at.length < 24);
    const key = JSON.stringify([
      lines.map(({ name, color: stroke }) => [name, stroke]),
      few,
      smooth > 0,
    ]);
    if (made?.key === key) {
      if (made.width !== width) made.chart.setSize({ width, height: HEIGHT });
      made.width = width;
      made.chart.setData(data());
    } else {
      made?.chart.destroy();
      drawLegend();
      made = { key, chart: build(width), width };
    }
    read(made.chart.cursor.idx ?? undefined);
    plot.setAttribute(
      "aria-label",
      `${title}. ${lines.map(summary).join(" ")} Arrow keys read values.`,
    );
  }

  const summary = ({ name, data: { at, mean, low = mean, high = mean } }: Line) =>
    `${name}: ${format(mean.at(-1) as number)} at step ${at.at(-1)}, between ${format(Math.min(...low))} and ${format(Math.max(...high))}.`;

  plot.addEventListener("keydown", (event) => {
    const move = { ArrowLeft: -1, ArrowRight: 1, PageUp: -10, PageDown: 10 }[event.key];
    if (!made || (move === undefined && event.key !== "Escape")) return;
    event.preventDefault();
    if (move === undefined) return onZoom?.(undefined);
    const steps = made.chart.data[0];
    const i = Math.min(
      steps.length - 1,
      Math.max(0, (made.chart.cursor.idx ?? steps.length) + move),
    );
    made.chart.setCursor({ left: made.chart.valToPos(steps[i] as number, "x"), top: 10 });
    said.textContent = `Step ${steps[i]}: ${lines.map(({ name }, k) => `${name} ${values[k]?.textContent}`).join(", ")}`;
  });
  plot.addEventListener("dblclick", () => onZoom?.(undefined));
  const observer = new ResizeObserver(() => draw());
  observer.observe(plot);
  onTheme(rebuild, signal);
  signal.addEventListener("abort", () => {
    observer.disconnect();
    made?.chart.destroy();
  });

  return {
    element,
    show(next, nextRange, nextSmooth) {
      [lines, range, smooth] = [next, nextRange, nextSmooth];
      draw();
    },
  };
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
function nice(_: uPlot, low: number | null, high: number | null): [number, number] {
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
  let best: number | undefined;
  for (let i = 0; i < at.length; i++) {
    if (
      best === undefined ||
      Math.abs((at[i] as number) - step) < Math.abs((at[best] as number) - step)
    )
      best = i;
  }
  return best === undefined ? undefined : values[best];
}
