import type { Buckets, RunSeries } from "../../src/dashboard/api.js";
import { getJson } from "./live.js";

/** The numbers of one or more runs, in buckets that the server computes; only new ones are fetched. */
export interface SeriesSet {
  /** By run and key. */
  readonly runs: ReadonlyMap<string, ReadonlyMap<string, Buckets>>;
  /** false while the server is still reading a large file. */
  readonly complete: boolean;
  load(range: Range): Promise<void>;
}

/** Steps to show; all when undefined. */
export interface Range {
  readonly from?: number | undefined;
  readonly to?: number | undefined;
}

interface Held {
  readonly generation: number;
  readonly width: number;
  readonly series: ReadonlyMap<string, Buckets>;
}

export interface SeriesFilter {
  /** Keys, or prefixes that end with "/". */
  readonly keys?: readonly string[];
  readonly skip?: readonly string[];
  readonly buckets?: number;
}

export function seriesOf(
  ids: readonly string[],
  filter: SeriesFilter,
  signal: AbortSignal,
): SeriesSet {
  const held = new Map<string, Held>();
  let shown = "";
  let complete = false;
  return {
    get runs() {
      return new Map([...held].map(([id, { series }]) => [id, series]));
    },
    get complete() {
      return complete;
    },
    async load({ from, to }) {
      const range = `${from ?? ""}-${to ?? ""}`;
      if (range !== shown) held.clear();
      const query = new URLSearchParams([
        ...ids.map((id) => ["run", id]),
        ...ids.map((id) => ["have", range === shown && complete ? haveOf(held.get(id)) : ""]),
        ...(filter.keys ?? []).map((key) => ["key", key]),
        ...(filter.skip ?? []).map((key) => ["skip", key]),
        ["buckets", String(filter.buckets ?? 500)],
        ...(from === undefined ? [] : [["from", String(from)]]),
        ...(to === undefined ? [] : [["to", String(to)]]),
      ]);
      const answers = await getJson<RunSeries[]>(`api/series?${query}`, signal);
      for (const answer of answers) held.set(answer.id, merge(held.get(answer.id), answer));
      shown = range;
      complete = answers.every((answer) => answer.complete);
    },
  };
}

/** The points of a run that the page has, in the form of the query parameter `have`. */
function haveOf(held: Held | undefined): string {
  if (!held) return "";
  const upTo = Math.max(0, ...[...held.series.values()].map(({ at }) => at.at(-1) ?? 0));
  return `${held.generation},${held.width},${upTo}`;
}

function merge(before: Held | undefined, { generation, width, from, series }: RunSeries): Held {
  const same = before?.generation === generation && before.width === width;
  if (!same) return { generation, width, series: new Map(Object.entries(series)) };
  const merged = new Map(before.series);
  for (const [key, fresh] of Object.entries(series)) {
    const old = merged.get(key);
    merged.set(key, old ? joined(old, fresh, from) : fresh);
  }
  return { generation, width, series: merged };
}

/** `old` before step `from`, then `fresh`. */
function joined(old: Buckets, fresh: Buckets, from: number): Buckets {
  const found = old.at.findIndex((at) => at >= from);
  const kept = found < 0 ? old.at.length : found;
  const both = (a: readonly number[], b: readonly number[]) => [...a.slice(0, kept), ...b];
  const plain = { at: both(old.at, fresh.at), mean: both(old.mean, fresh.mean) };
  if (!old.low && !fresh.low) return plain;
  return {
    ...plain,
    low: both(old.low ?? old.mean, fresh.low ?? fresh.mean),
    high: both(old.high ?? old.mean, fresh.high ?? fresh.mean),
  };
}
