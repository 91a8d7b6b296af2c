import { closeSync, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { Buckets, RunSeries } from "./api.js";
import { follow, parseObject } from "./follow.js";
import { type Column, column } from "./time-series.js";

export interface SeriesQuery {
  /** Keys, or what they begin with if it ends with "/"; all when omitted. */
  readonly keys?: readonly string[];
  /** The same, of keys to leave out. */
  readonly skip?: readonly string[];
  /** Steps to show; the whole run when omitted. */
  readonly from?: number;
  readonly to?: number;
  /** Most buckets for each key. */
  readonly buckets: number;
  /** What the reader has already: the same width and generation spare sending it again. */
  readonly have?: { readonly generation: number; readonly width: number; readonly upTo: number };
}

/** The numbers of one metrics.jsonl, read as they are appended and kept as columns. */
export interface Metrics {
  /** Reads what is new. Of a large file that was never read, a sample only; the rest follows by itself. */
  refresh(): Promise<void>;
  keys(): string[];
  readonly points: number;
  series(query: SeriesQuery): Omit<RunSeries, "id">;
}

/** Files up to this size are read whole before they are shown. */
const LARGE = 8 * 2 ** 20;
const SAMPLES = 700;
let generations = Date.now() % 1e9; // another one after a restart: readers start over

export function openMetrics(path: string): Metrics {
  let columns = new Map<string, Column>();
  let sample: ReadonlyMap<string, Column> | undefined;
  let generation = ++generations;
  let complete = false;
  let reading: Promise<void> | undefined;
  const follower = follow(
    path,
    (piece) => {
      let back = false;
      for (const line of piece.toString("utf8").split("\n")) back = add(columns, line) || back;
      if (back) generation = ++generations;
    },
    () => {
      columns = new Map();
      generation = ++generations;
    },
  );
  const shown = () => sample ?? columns;

  return {
    async refresh() {
      if (complete) return follower.refresh();
      const large = sample !== undefined || sizeOf(path) > LARGE;
      if (large) sample ??= sampled(path);
      reading ??= follower.refresh().then(() => {
        if (sample) generation = ++generations;
        sample = undefined;
        complete = true;
      });
      reading.catch(() => {
        reading = undefined; // the next refresh tries again
      });
      if (!large) await reading;
    },
    keys: () => [...shown().keys()].sort(),
    get points() {
      return [...columns.values()].reduce((sum, { length }) => sum + length, 0);
    },
    series({ keys, skip = [], from, to, buckets, have }) {
      const all = shown();
      const wanted = [...all].filter(
        ([key, { length }]) => length > 0 && (!keys || names(keys, key)) && !names(skip, key),
      );
      const begin = from ?? Math.min(...wanted.map(([, { first }]) => first), Infinity);
      const end = to ?? Math.max(...wanted.map(([, { last }]) => last), 0);
      const span = Math.max(1, end - begin + 1);
      const width = 2 ** Math.ceil(Math.log2(Math.max(1, span / buckets)));
      const same = have?.generation === generation && have.width === width;
      const since = same ? Math.max(begin, Math.floor(have.upTo / width) * width) : begin;
      const series: Record<string, Buckets> = Object.fromEntries(
        wanted
          .map(([key, one]) => [key, one.buckets(width, since, end)] as const)
          .filter(([, { at }]) => at.length > 0),
      );
      const first = Number.isFinite(since) ? Math.floor(since / width) * width : 0;
      return { generation, width, from: first, complete: sample === undefined, series };
    },
  };
}

/** Whether a key is on a list, or begins with something there that ends with "/". */
const names = (list: readonly string[], key: string): boolean =>
  list.some((one) => one === key || (one.endsWith("/") && key.startsWith(one)));

/** Adds a line's numbers to their columns; returns whether the run went back to an earlier step. */
function add(columns: Map<string, Column>, line: string): boolean {
  const entry = line === "" ? undefined : parseObject(line);
  const step = entry?.step;
  if (!entry || typeof step !== "number" || !(step >= 0 && step < 2 ** 32)) return false;
  let back = false;
  for (const key in entry) {
    const value = entry[key];
    if (key === "step" || typeof value !== "number") continue;
    let into = columns.get(key);
    if (!into) {
      into = column();
      columns.set(key, into);
    }
    back = into.push(step, value) || back;
  }
  return back;
}

function sizeOf(path: string): number {
  return statSync(path, { throwIfNoEntry: false })?.size ?? 0;
}

/** Whole lines from places spread evenly over a file: a picture of it in milliseconds. */
function sampled(path: string): ReadonlyMap<string, Column> {
  const columns = new Map<string, Column>();
  const file = openSync(path, "r");
  try {
    const { size } = fstatSync(file);
    const buffer = Buffer.alloc(8192);
    for (let i = 0; i < SAMPLES; i++) {
      const at = Math.floor((i * Math.max(0, size - buffer.length)) / (SAMPLES - 1));
      const read = readSync(file, buffer, 0, buffer.length, at);
      const lines = buffer.toString("utf8", 0, read).split("\n");
      const line = at === 0 ? lines[0] : i === SAMPLES - 1 ? lines.at(-2) : lines[1];
      if (line) add(columns, line);
    }
  } finally {
    closeSync(file);
  }
  return columns;
}
