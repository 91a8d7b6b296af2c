import type { Buckets } from "../../src/dashboard/api.js";
import { duration, whole } from "./format.js";

/** The horizontal axis of charts: steps, or the training time at each step. */
export interface StepAxis {
  readonly key: "step" | "time";
  /** Where a step is on the axis, and which step is there. */
  at(step: number): number;
  stepAt(position: number): number;
  /** A position in words. */
  text(position: number): string;
}

export const stepAxis: StepAxis = {
  key: "step",
  at: (step) => step,
  stepAt: (position) => position,
  text: (position) => (Number.isInteger(position) ? whole(position) : ""),
};

/** Seconds of training, without evaluations: the sum of the seconds per step, which only some steps log. */
export function timeAxis({ at, mean }: Buckets): StepAxis {
  const steps = [0];
  const times = [0];
  for (const [i, step] of at.entries()) {
    const before = steps.at(-1) as number;
    if (step <= before) continue;
    steps.push(step);
    times.push((times.at(-1) as number) + (step - before) * (mean[i] as number));
  }
  const [lastStep, lastTime] = [steps.at(-1) as number, times.at(-1) as number];
  const rate = lastStep > 0 ? lastTime / lastStep : 1;
  return {
    key: "time",
    at: (step) =>
      step > lastStep ? lastTime + (step - lastStep) * rate : between(steps, times, step),
    stepAt: (time) =>
      time > lastTime ? lastStep + (time - lastTime) / rate : between(times, steps, time),
    text: (time) => duration(time),
  };
}

/** The value at `x` of the line through points (xs, ys), xs rising. */
export function between(xs: readonly number[], ys: readonly number[], x: number): number {
  let [low, high] = [0, xs.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >>> 1;
    if ((xs[middle] as number) <= x) low = middle;
    else high = middle;
  }
  const [x0, x1, y0, y1] = [xs[low], xs[high], ys[low], ys[high]] as [
    number,
    number,
    number,
    number,
  ];
  return x1 === x0 ? y0 : y0 + ((x - x0) / (x1 - x0)) * (y1 - y0);
}
