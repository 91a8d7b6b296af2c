import { lineChart } from "../../src/report/page/line-chart.js";
import { standaloneSvg } from "../../src/report/page/standalone-svg.js";
import { csv } from "../../src/report/table-formats.js";
import { color } from "./colors.js";
import type { Line } from "./line.js";

/** The values of lines as CSV: a row for each step, a column for each line; empty where a line has none. */
export function chartCsv(lines: readonly Line[]): string {
  const tables = lines.map(
    ({ data: { at, mean } }) => new Map(at.map((step, i) => [step, mean[i]])),
  );
  const steps = [...new Set(lines.flatMap(({ data }) => data.at))].sort((a, b) => a - b);
  const rows = steps.map((step) => [
    String(step),
    ...tables.map((table) => String(table.get(step) ?? "")),
  ]);
  return csv([["step", ...lines.map(({ name }) => name)], ...rows]);
}

/** A chart as an SVG file. */
export const chartSvg = (
  title: string,
  lines: readonly Line[],
  format: (value: number) => string,
): string =>
  standaloneSvg(
    lineChart(
      lines.map(({ name, color: stroke, data: { at, mean, low, high } }) => ({
        ...{ name, color: stroke, steps: at, values: mean, dots: at.length < 24 },
        band: low && high ? { low, high } : undefined,
      })),
      { width: 800, height: 360 },
      { title, format },
    ),
  );

const HEAD = 30;
const ROW = 18;

/** The canvas of a chart with its title and legend above it, as a PNG file. */
export function chartPng(
  title: string,
  plot: HTMLCanvasElement,
  lines: readonly Pick<Line, "name" | "color">[],
): Promise<Blob | null> {
  const ratio = devicePixelRatio;
  const picture = document.createElement("canvas");
  const head = (HEAD + lines.length * ROW) * ratio;
  picture.width = plot.width;
  picture.height = plot.height + head;
  const pen = picture.getContext("2d") as CanvasRenderingContext2D;
  pen.fillStyle = color("paper");
  pen.fillRect(0, 0, picture.width, picture.height);
  pen.drawImage(plot, 0, head);
  pen.scale(ratio, ratio);
  pen.font = "600 14px 'IBM Plex Sans Variable', sans-serif";
  pen.fillStyle = color("ink");
  pen.fillText(title, 8, 20);
  pen.font = "12px 'IBM Plex Sans Variable', sans-serif";
  for (const [i, { name, color: stroke }] of lines.entries()) {
    const y = HEAD + i * ROW;
    pen.fillStyle = stroke;
    pen.fillRect(8, y + 5, 14, 3);
    pen.fillStyle = color("ink");
    pen.fillText(name, 28, y + 11);
  }
  return new Promise((resolve) => picture.toBlob(resolve, "image/png"));
}
