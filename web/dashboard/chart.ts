import uPlot from "uplot";
import type { Buckets, RunNote } from "../../src/dashboard/api.js";
import { extremes } from "../../src/report/axis.js";
import { axes, NOTE_SIZE, verticalRange } from "./chart-axes.js";
import { chartCsv, chartPng, chartSvg } from "./chart-files.js";
import { legendList } from "./chart-legend.js";
import { readout } from "./chart-readout.js";
import { color, onTheme } from "./colors.js";
import { download, fileName } from "./download.js";
import { button, el } from "./element.js";
import { mean, short } from "./format.js";
import type { Line } from "./line.js";
import { menu } from "./menu.js";
import { smoothed } from "./smoothing.js";
import { type StepAxis, stepAxis } from "./step-axis.js";

export interface ChartOptions {
  readonly title: string;
  /** What the chart shows, in a sentence. */
  readonly note: string;
  readonly format?: (value: number) => string;
  readonly log?: boolean;
  /** The values are shares of a whole: the vertical axis is always 0 to 1. */
  readonly share?: boolean;
  /** Called with a range of steps that was dragged over; undefined for all. */
  readonly onZoom?: (range: { from: number; to: number } | undefined) => void;
}

/** Steps to show; all when undefined. */
interface Range {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

/** How lines are shown. */
export interface View {
  readonly range?: Range;
  /** 0 is none, towards 1 more; the values themselves stay visible, faintly. */
  readonly smooth?: number;
  /** Marked on the axis of steps. */
  readonly notes?: readonly RunNote[];
  /** The last planned step: the axis reaches it. */
  readonly until?: number | undefined;
  /** A logarithmic axis of values, in addition to charts that always have one. */
  readonly log?: boolean;
  readonly axis?: StepAxis;
}

export interface Chart {
  readonly element: HTMLElement;
  show(lines: readonly Line[], view?: View): void;
}

const HEIGHT = 190;
const LARGE = 460;
/** Columns of data for each line: its mean, the edges of its band, and the values before smoothing. */
const COLUMNS = 4;
const FEW = 24; // as many points are drawn as dots
const groupOf = ({ group, name }: Line) => group ?? name;

/** Lines over steps: means, over a band from the lowest to the highest value, with a legend. */
export function chart(options: ChartOptions, signal: AbortSignal): Chart {
  const { title, note, format = short, onZoom } = options;
  const legend = legendList(() => rebuild());
  const plot = el("div", { class: "plot", tabindex: "0", role: "img" });
  const said = el("p", { class: "unseen", role: "status" });
  const enlarge = button("Enlarge", () => {
    isLarge = element.classList.toggle("large");
    enlarge.textContent = isLarge ? "Reduce" : "Enlarge";
    rebuild();
    element.scrollIntoView({ block: "nearest" });
  });
  enlarge.className = "quiet";
  const save = menu(`Save ${title}`, [
    ["CSV", () => download(`${fileName(title)}.csv`, chartCsv(visible()), "text/csv")],
    [
      "SVG",
      () => download(`${fileName(title)}.svg`, chartSvg(title, visible(), format), "image/svg+xml"),
    ],
    ["PNG", () => void savePng()],
  ]);
  const caption = el(
    "figcaption",
    {},
    el("div", { class: "chart-head" }, el("h2", {}, title), enlarge, save),
    el("p", { class: "note" }, note),
  );
  const element = el("figure", { class: "chart" }, caption, legend.element, plot, said);
  const tip = readout();
  let lines: readonly Line[] = [];
  let view: View = {};
  let isLarge = false;
  let made: { key: string; drawn: uPlot; width: number } | undefined;
  const height = () => (isLarge ? LARGE : HEIGHT);
  const axis = () => view.axis ?? stepAxis;
  const visible = () => lines.filter((line) => !legend.isOff(groupOf(line)));
  const isLog = () => options.log === true || (view.log === true && isPositive(lines));

  async function savePng(): Promise<void> {
    const canvas = plot.querySelector("canvas");
    const picture = canvas && (await chartPng(title, canvas, visible()));
    if (picture) download(`${fileName(title)}.png`, picture);
  }

  function data(): uPlot.AlignedData {
    const { smooth = 0 } = view;
    const { at: place } = axis();
    const tables = lines.map(({ level, data: { at, mean: center, low, high } }) => {
      const line = level ? center : smoothed(center, smooth);
      return [
        at.map(place),
        line,
        low ?? center,
        high ?? center,
        center,
      ] as unknown as uPlot.AlignedData;
    });
    return tables.length > 0 ? uPlot.join(tables) : [[]];
  }

  function build(width: number): uPlot {
    const shown = lines.map((line) => ({ ...line, show: !legend.isOff(groupOf(line)) }));
    const raw = (view.smooth ?? 0) > 0;
    return new uPlot(
      {
        width,
        height: height(),
        legend: { show: false },
        cursor: {
          sync: { key: "steps" },
          drag: { x: true, y: false, setScale: false },
          points: { size: 7 },
          y: false,
        },
        scales: {
          x: { time: false, range: () => reach() },
          y: isLog() ? { distr: 3 } : { range: verticalRange(options.share === true) },
        },
        axes: axes(format, isLog(), axis().text),
        series: [{}, ...shown.flatMap((line) => plotted(line, raw))],
        bands: shown.map((line, k) => ({
          series: [COLUMNS * k + 3, COLUMNS * k + 2],
          fill: `${line.color}2a`,
        })),
        hooks: {
          ready: [({ over }) => over.append(tip.element)],
          setCursor: [({ cursor }) => read(cursor.idx ?? undefined)],
          setSelect: [zoom],
          draw: [markNotes],
        },
      },
      data(),
      plot,
    );
  }

  /** From the first to the last step that is shown: of the range, else from 0 to the last planned one. */
  function reach(): [number, number] {
    const { range = {}, until = 0 } = view;
    const { at } = axis();
    const from = at(range.from ?? 0);
    const to = range.to === undefined ? at(Math.max(until, ...lines.map(lastStep))) : at(range.to);
    return [from, Math.max(to, from + 1)];
  }

  function zoom(drawn: uPlot): void {
    const { left, width } = drawn.select;
    if (width < 6) return;
    const at = (x: number) => Math.max(0, Math.round(axis().stepAt(drawn.posToVal(x, "x"))));
    drawn.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
    onZoom?.({ from: at(left), to: at(left + width) });
  }

  /** A triangle on the axis for each step with a note. */
  function markNotes({ ctx: pen, bbox, valToPos }: uPlot): void {
    const size = NOTE_SIZE * devicePixelRatio;
    pen.save();
    for (const { step, level } of view.notes ?? []) {
      const x = valToPos(axis().at(step), "x", true);
      if (x < bbox.left - 1 || x > bbox.left + bbox.width + 1) continue;
      pen.fillStyle = color(level === "warning" ? "warn" : "muted");
      pen.beginPath();
      pen.moveTo(x, bbox.top + bbox.height);
      pen.lineTo(x - size * 0.6, bbox.top + bbox.height + size);
      pen.lineTo(x + size * 0.6, bbox.top + bbox.height + size);
      pen.fill();
    }
    pen.restore();
  }

  /** Writes the values at index `i` of the data, or the newest ones, into the legend, and next to the crosshair. */
  function read(i: number | undefined): void {
    const position = i === undefined ? undefined : made?.drawn.data[0][i];
    const step = position === undefined ? undefined : axis().stepAt(position);
    const values = new Map<string, string>();
    legend.write((name) => {
      const own = lines.filter((line) => groupOf(line) === name).map(({ data }) => data);
      const found = reaching(own, step).flatMap(
        ({ at, mean: center }) =>
          (step === undefined ? center.at(-1) : nearest(at, center, step)) ?? [],
      );
      const text = found.length > 0 ? format(mean(found)) : "–";
      if (!legend.isOff(name)) values.set(name, text);
      return text;
    });
    const left = made?.drawn.cursor.left ?? -1;
    // Charts share a crosshair; the box is for the one in use.
    const inUse = plot.matches(":hover, :focus");
    const shown = step !== undefined && left >= 0 && made !== undefined && inUse;
    if (!shown) {
      tip.hide();
      return;
    }
    const stroke = (name: string) => lines.find((line) => groupOf(line) === name)?.color ?? "";
    const entries = [...values].map(([name, text]) => ({ name, text, color: stroke(name) }));
    const time = axis().key === "time" ? `, ${axis().text(position as number)}` : "";
    tip.show(`step ${Math.round(step)}${time}`, entries, left, made?.drawn.over.clientWidth ?? 0);
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
      lines.map(({ name, color: stroke, data: { at } }) => [
        ...[name, stroke, at.length < FEW],
        ...[(view.smooth ?? 0) > 0, isLog(), axis().key],
      ]),
    );
    if (made?.key === key) {
      if (made.width !== width) made.drawn.setSize({ width, height: height() });
      made.width = width;
      made.drawn.setData(data());
    } else {
      made?.drawn.destroy();
      const entries = new Map([...lines].reverse().map((line) => [groupOf(line), line])); // the first counts
      legend.draw(
        [...entries]
          .reverse()
          .map(([name, { color: stroke, dashed }]) => ({ name, color: stroke, dashed })),
      );
      made = { key, drawn: build(width), width };
    }
    legend.describe((name) => lines.find((line) => groupOf(line) === name)?.detail ?? "");
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
    const step = Math.round(axis().stepAt(steps[i] as number));
    said.textContent = `Step ${step}: ${legend.text()}`;
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
    show(next, nextView = {}) {
      [lines, view] = [next, nextView];
      draw();
    },
  };
}

/**
 * The lines of a group that reach a step, or the group's last step: shorter ones, of runs that are not
 * complete, would change the mean.
 */
function reaching(lines: readonly Buckets[], step: number | undefined): readonly Buckets[] {
  const end = ({ at }: Buckets) => at.at(-1) ?? Number.NEGATIVE_INFINITY;
  const last = step ?? Math.max(...lines.map(end));
  const found = lines.filter((line) => end(line) >= last);
  return found.length > 0 ? found : lines;
}

const lastStep = ({ data: { at } }: Line): number => at.at(-1) ?? 0;

/** A logarithmic axis has no place for 0 and below. */
const isPositive = (lines: readonly Line[]): boolean =>
  lines.every(({ data: { mean: center, low = center } }) => low.every((value) => value > 0));

/** The mean of a line, the invisible edges of its band, and the values before smoothing. */
function plotted(
  { show, color: stroke, dashed, level, data: { at } }: Line & { show: boolean },
  raw: boolean,
): uPlot.Series[] {
  const edge = { show, stroke: "transparent", width: 0, points: { show: false }, spanGaps: true };
  const points = { show: !level && at.length < FEW, size: 5, fill: stroke };
  const line = { show, stroke, width: 1.75, spanGaps: true, points };
  const faint = { ...edge, show: show && raw && !level, stroke: `${stroke}59`, width: 1 };
  return [dashed ? { ...line, dash: [5, 4] } : line, edge, edge, faint];
}

/** A line in words, for screen readers. */
function summary({ name, level, data }: Line, format: (value: number) => string): string {
  const { at, mean: center, low = center, high = center } = data;
  const last = format(center.at(-1) as number);
  if (level) return `${name}: ${last}.`;
  const range = `between ${format(extremes(low)[0])} and ${format(extremes(high)[1])}`;
  return `${name}: ${last} at step ${at.at(-1)}, ${range}.`;
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
