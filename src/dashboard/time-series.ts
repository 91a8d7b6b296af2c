import type { Buckets } from "./api.js";

/** Values by rising step, in typed arrays that grow: 12 bytes per point. */
export interface Column {
  readonly length: number;
  /**
   * Adds a point, and replaces one at the same step. If the step is earlier than the last one, the points from
   * there on are dropped. Returns whether it is.
   */
  push(step: number, value: number): boolean;
  readonly first: number;
  readonly last: number;
  /** Buckets of `width` steps with points in [from, to]; each begins at a multiple of `width`. */
  buckets(width: number, from: number, to: number): Buckets;
}

export function column(): Column {
  let steps = new Uint32Array(64);
  let values = new Float64Array(64);
  let length = 0;

  /** Index of the first point at `step` or later. */
  function search(step: number): number {
    let low = 0;
    let high = length;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((steps[middle] as number) < step) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  return {
    get length() {
      return length;
    },
    get first() {
      return steps[0] as number;
    },
    get last() {
      return steps[length - 1] as number;
    },
    push(step, value) {
      const last = length > 0 ? (steps[length - 1] as number) : -1;
      if (last >= step) length = search(step);
      if (length === steps.length) {
        const [longerSteps, longerValues] = [
          new Uint32Array(length * 2),
          new Float64Array(length * 2),
        ];
        longerSteps.set(steps);
        longerValues.set(values);
        [steps, values] = [longerSteps, longerValues];
      }
      steps[length] = step;
      values[length++] = value;
      return last > step;
    },
    buckets(width, from, to) {
      const at: number[] = [];
      const mean: number[] = [];
      const low: number[] = [];
      const high: number[] = [];
      let i = search(Math.floor(from / width) * width);
      while (i < length && (steps[i] as number) <= to) {
        const end = (Math.floor((steps[i] as number) / width) + 1) * width;
        const begin = i;
        let [sum, stepSum, least, most] = [
          0,
          0,
          Number.POSITIVE_INFINITY,
          Number.NEGATIVE_INFINITY,
        ];
        for (; i < length && (steps[i] as number) < end && (steps[i] as number) <= to; i++) {
          const value = values[i] as number;
          sum += value;
          stepSum += steps[i] as number;
          if (value < least) least = value;
          if (value > most) most = value;
        }
        const count = i - begin;
        at.push(Math.round(stepSum / count));
        mean.push(sum / count);
        low.push(least);
        high.push(most);
      }
      const spread = at.some((_, k) => low[k] !== high[k]);
      return spread ? { at, mean, low, high } : { at, mean };
    },
  };
}
