import { basename } from "node:path";
import { baselineFinder } from "../report/baseline.js";
import type { RunGain, RunSummary, RunsEvent } from "./api.js";
import { findRuns, isRun } from "./find-runs.js";
import { openRun, type Run } from "./run.js";

/** The run folders below a folder, read again every second while somebody watches. */
export interface Runs {
  /** Reads now, unless that was done a moment ago. */
  refresh(): Promise<void>;
  list(): RunSummary[];
  all(): readonly Run[];
  get(id: string): Run | undefined;
  /** Sends the whole list first, then its changes. Returns how to end it. */
  watch(onEvent: (event: RunsEvent) => void): () => void;
}

const EVERY = 1000;
const FRESH = 400;
const BATCH = 100;

/** `folder` is a real path: of a folder that holds runs, up to four folders deep, or of one run. */
export function openRuns(folder: string): Runs {
  const single = isRun(folder);
  const open = (id: string) =>
    openRun(single ? { id, root: folder, below: "" } : { id, root: folder, below: id });
  const known = new Map<string, Run>();
  const watchers = new Set<(event: RunsEvent) => void>();
  let looked = Number.NEGATIVE_INFINITY;
  let looking: Promise<void> | undefined;
  let timer: NodeJS.Timeout | undefined;

  const list = () =>
    [...known.values()]
      .map(({ summary }) => summary)
      .sort((a, b) => (a.updated < b.updated ? 1 : -1));

  async function look(): Promise<void> {
    const begun = performance.now();
    const found = new Set(single ? [basename(folder)] : await findRuns(folder));
    const gone = [...known.keys()].filter((id) => !found.has(id));
    for (const id of gone) known.delete(id);
    let changed: RunSummary[] = [];
    let anyChanged = false;
    let told = performance.now();
    const tellAll = (left: readonly string[]) => {
      if (changed.length > 0 || left.length > 0) {
        for (const tell of watchers) tell({ folder, whole: false, runs: changed, gone: left });
      }
      changed = [];
      told = performance.now();
    };
    await inTurns([...found], async (id) => {
      const run = known.get(id) ?? open(id);
      if (await run.refresh()) {
        changed.push(run.summary);
        anyChanged = true;
      }
      known.set(id, run);
      if (performance.now() - told > BATCH) tellAll([]); // many runs arrive in batches
    });
    if (anyChanged || gone.length > 0) changed.push(...measured([...known.values()]));
    looked = begun;
    tellAll(gone);
  }

  function refresh(): Promise<void> {
    if (performance.now() - looked < FRESH) return Promise.resolve();
    looking ??= look().finally(() => {
      looking = undefined;
    });
    return looking;
  }

  return {
    refresh,
    list,
    all: () => [...known.values()],
    get: (id) => known.get(id),
    watch(onEvent) {
      let begun = false;
      const begin = () => {
        if (!begun && watchers.has(tell)) onEvent({ folder, whole: true, runs: list(), gone: [] });
        begun = true;
      };
      const tell = (event: RunsEvent) => (begun ? onEvent(event) : begin());
      watchers.add(tell);
      refresh().then(begin, begin); // runs that cannot be read are left out
      timer ??= setInterval(() => void refresh().catch(() => {}), EVERY);
      return () => {
        watchers.delete(tell);
        if (watchers.size > 0) return;
        clearInterval(timer);
        timer = undefined;
      };
    },
  };
}

/** Measures complete runs against their baselines. Returns the summaries that have changed. */
function measured(runs: readonly Run[]): RunSummary[] {
  const isComplete = ({ summary }: Run) => summary.state === "complete";
  const find = baselineFinder(runs.filter(isComplete));
  return runs.flatMap((run) => {
    const found = isComplete(run) ? find(run) : undefined;
    const [set] = Object.keys(run.summary.last);
    const [own, base] = [run, found?.run].map((one) => one?.summary.last[set ?? ""]?.value);
    const gain: RunGain | undefined =
      found && own !== undefined && base !== undefined
        ? { value: own - base, kind: found.kind, id: found.run.id }
        : undefined;
    return run.measure(gain) ? run.summary : [];
  });
}

/** `each` on all items, eight at a time. */
async function inTurns<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  const waiting = items.values();
  const worker = async () => {
    for (const item of waiting) await each(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
