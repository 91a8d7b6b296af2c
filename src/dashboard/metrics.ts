import { closeSync, constants, fstatSync, openSync, readSync, statSync } from "node:fs";
import type { Buckets, RunSeries } from "./api.js";
import { follow, parseObject } from "./follow.js";
import { type Column, column } from "./time-series.js";

export interface SeriesQuery {
  /** Keys, or prefixes that end with "/"; all by default. */
  readonly keys?: readonly string[];
  /** Keys and prefixes to leave out. */
  readonly skip?: readonly string[];
  /** First and last step to show; the whole run by default. */
  readonly from?: number;
  readonly to?: number;
  /** The most buckets for each key. */
  readonly buckets: number;
  /** The most buckets for all keys together. */
  readonly most?: number;
  /** What the reader has: points of the same width and generation are not sent again. */
  readonly have?: { readonly generation: number; readonly width: number; readonly upTo: number };
}

/** The numbers of one metrics.jsonl, read as they are appended and stored as columns. */
export interface Metrics {
  /** Reads what is new. The first time, a large file is sampled; the rest follows on its own. */
  refresh(): Promise<void>;
  keys(): string[];
  readonly points: number;
  series(query: SeriesQuery): Omit<RunSeries, "id">;
}

/** Larger files are sampled before they are read. */
const LARGE = 8 * 2 ** 20;
const SAMPLES = 700;
/** Keys of one file; further ones are left out. A run of 19 classes and three sets has about 90. */
export const MOST_KEYS = 2000;
let generations = Date.now() % 1e9; // a new one after a restart: readers start over

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
    series({ keys, skip = [], from, to, buckets, most = Number.POSITIVE_INFINITY, have }) {
      const all = shown();
      const wanted = [...all].filter(
        ([key, { length }]) => length > 0 && (!keys || names(keys, key)) && !names(skip, key),
      );
      const first = wanted.reduce((least, [, one]) => Math.min(least, one.first), Infinity);
      const last = wanted.reduce((most, [, one]) => Math.max(most, one.last), 0);
      const [begin, end] = [from ?? first, to ?? last];
      const span = Math.max(1, end - begin + 1);
      const each = Math.max(1, Math.min(buckets, most / Math.max(1, wanted.length)));
      const width = 2 ** Math.ceil(Math.log2(Math.max(1, span / each)));
      const same = have?.generation === generation && have.width === width;
      const since = same ? Math.max(begin, Math.floor(have.upTo / width) * width) : begin;
      const series: Record<string, Buckets> = Object.fromEntries(
        wanted
          .map(([key, one]) => [key, one.buckets(width, since, end)] as const)
          .filter(([, { at }]) => at.length > 0),
      );
      const sent = Number.isFinite(since) ? Math.floor(since / width) * width : 0;
      return { generation, width, from: sent, complete: sample === undefined, series };
    },
  };
}

/** Whether a list has a key, or a prefix of it that ends with "/". */
const names = (list: readonly string[], key: string): boolean =>
  list.some((one) => one === key || (one.endsWith("/") && key.startsWith(one)));

/** Adds a line's numbers to their columns. Returns whether the run went back to an earlier step. */
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
      if (columns.size >= MOST_KEYS) continue;
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

/** Complete lines at places spread evenly over a file: an overview in milliseconds. */
function sampled(path: string): ReadonlyMap<string, Column> {
  const columns = new Map<string, Column>();
  const file = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  try {
    const stat = fstatSync(file);
    if (!stat.isFile()) return columns;
    const { size } = stat;
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
