import type uPlot from "uplot";
import { flatOrSpread } from "../../src/report/axis.js";
import { color } from "./colors.js";

const FONT = "11px 'IBM Plex Sans Variable', sans-serif";
/** Height of the mark of a note below the axis, in CSS pixels. */
export const NOTE_SIZE = 7;

/** The axes of steps, whose positions `text` writes, and of values. */
export function axes(
  format: (value: number) => string,
  log: boolean,
  text: (position: number) => string,
): uPlot.Axis[] {
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
      gap: NOTE_SIZE,
      values: (_, splits) => splits.map(text),
    },
    {
      ...axis,
      grid: log ? { ...grid, filter: powers } : grid,
      size: 52,
      values: (_, splits) => splits.map((one) => (one === null ? "" : written(one))),
    },
  ];
}

/** The range of the vertical axis for data from `low` to `high`. */
export const verticalRange =
  (share: boolean) =>
  (_: uPlot, low: number | null, high: number | null): [number, number] => {
    if (share) return [-0.02, 1.02]; // room for a line at either end
    if (low === null || high === null) return [0, 1];
    const [least, most] = flatOrSpread([low, high]);
    const air = (most - least) * 0.08;
    // Down to 0 if that is near.
    return [least >= 0 && least < (most - least) * 0.5 ? 0 : least - air, most + air];
  };
