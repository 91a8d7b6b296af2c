import type { Size } from "../../datasets/dataset.js";

/** The region of one class, as a COCO annotation needs it. */
export interface CocoRegion {
  readonly trainId: number;
  /** Lengths of runs of 0 and 1 in turn, column by column, in COCO's text coding. */
  readonly counts: string;
  readonly area: number;
  /** Left, top, width, height. */
  readonly bbox: readonly [number, number, number, number];
}

interface Runs {
  readonly lengths: number[];
  /** Where the last run ends. */
  end: number;
  area: number;
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** The regions of the train ids below `classes` that occur in labels [height * width]. */
export function cocoRegions(
  labels: Uint8Array,
  { width, height }: Size,
  classes: number,
): CocoRegion[] {
  const found: (Runs | undefined)[] = new Array(classes);
  const add = (trainId: number, x: number, top: number, end: number) => {
    if (trainId >= classes) return;
    found[trainId] ??= {
      ...{ lengths: [], end: 0, area: 0 },
      ...{ left: x, right: x, top, bottom: end - 1 },
    };
    const runs = found[trainId] as Runs;
    const [from, to] = [x * height + top, x * height + end];
    const { lengths } = runs;
    if (from === runs.end && lengths.length > 0) {
      lengths[lengths.length - 1] = (lengths.at(-1) as number) + to - from; // from the column before
    } else lengths.push(from - runs.end, to - from);
    runs.end = to;
    runs.area += to - from;
    runs.right = x;
    runs.top = Math.min(runs.top, top);
    runs.bottom = Math.max(runs.bottom, end - 1);
  };
  for (let x = 0; x < width; x++) {
    let top = 0;
    for (let y = 1; y <= height; y++) {
      const value = labels[top * width + x] as number;
      if (y < height && labels[y * width + x] === value) continue;
      add(value, x, top, y);
      top = y;
    }
  }
  return found.flatMap((runs, trainId) => {
    if (runs === undefined) return [];
    const { lengths, end, area, left, right, top, bottom } = runs;
    const rest = width * height - end;
    const counts = runsToText(rest > 0 ? [...lengths, rest] : lengths);
    return [{ trainId, counts, area, bbox: [left, top, right - left + 1, bottom - top + 1] }];
  });
}

/**
 * The text coding of runs in COCO's API (maskApi.c, rleToString): from the fourth run on, the difference to
 * the run before the last; each number in groups of 5 bits, the lowest first, with a sixth bit if more follow.
 */
export function runsToText(runs: readonly number[]): string {
  const characters: number[] = [];
  for (const [i, run] of runs.entries()) {
    let x = i > 2 ? run - (runs[i - 2] as number) : run;
    for (let more = true; more; ) {
      const bits = x & 31;
      x >>= 5;
      more = bits & 16 ? x !== -1 : x !== 0;
      characters.push((more ? bits | 32 : bits) + 48);
    }
  }
  return Buffer.from(characters).toString("latin1");
}
