import { type Dirent, existsSync } from "node:fs";
import { readdir } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import type { RunSummary, RunsEvent } from "./api.js";
import { openRun, type Run } from "./run.js";
import { inside } from "./safe-path.js";

/** The run folders below a folder, looked at again and again while somebody is watching. */
export interface Runs {
  /** Looks now, unless that was done a moment ago. */
  refresh(): Promise<void>;
  list(): RunSummary[];
  get(id: string): Run | undefined;
  /** The whole list first, then what changes; returns how to end it. */
  watch(onEvent: (event: RunsEvent) => void): () => void;
}

const EVERY = 1000;
const FRESH = 400;
const BATCH = 100;
const DEPTH = 4;
const MARKS = ["config.yaml", "metrics.jsonl", "status.json"];

/** `folder` is a real path: of a folder with runs in it, at any depth to four, or of one run. */
export function openRuns(folder: string): Runs {
  const single = isRun(folder);
  const root = single ? dirname(folder) : folder;
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
    const found = new Set(single ? [basename(folder)] : await runsBelow(root));
    const gone = [...known.keys()].filter((id) => !found.has(id));
    for (const id of gone) known.delete(id);
    let changed: RunSummary[] = [];
    let told = performance.now();
    const tellAll = (left: readonly string[]) => {
      if (changed.length > 0 || left.length > 0) {
        for (const tell of watchers) tell({ folder, whole: false, runs: changed, gone: left });
      }
      changed = [];
      told = performance.now();
    };
    await inTurns([...found], async (id) => {
      const run = known.get(id) ?? openRun(root, id);
      if (await run.refresh()) changed.push(run.summary);
      known.set(id, run);
      if (performance.now() - told > BATCH) tellAll([]); // many runs come in by and by
    });
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
    get: (id) => known.get(id),
    watch(onEvent) {
      let begun = false;
      const begin = () => {
        if (!begun && watchers.has(tell)) onEvent({ folder, whole: true, runs: list(), gone: [] });
        begun = true;
      };
      const tell = (event: RunsEvent) => (begun ? onEvent(event) : begin());
      watchers.add(tell);
      refresh().then(begin, begin); // what could not be read is left out
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

const isRun = (folder: string) => MARKS.some((mark) => existsSync(join(folder, mark)));

/** Ids of the run folders below `root`; a run's own folders are not searched. */
async function runsBelow(root: string, below = "", depth = DEPTH): Promise<string[]> {
  const entries = await readdir(join(root, below), { withFileTypes: true }).catch(
    (): Dirent[] => [],
  );
  if (below !== "" && entries.some(({ name }) => MARKS.includes(name))) return [below];
  if (depth === 0) return [];
  const folders = entries
    .filter((entry) => entry.isDirectory() || entry.isSymbolicLink())
    .map(({ name }) => (below === "" ? name : `${below}/${name}`))
    .filter((id) => inside(root, id) !== undefined);
  return (await Promise.all(folders.map((id) => runsBelow(root, id, depth - 1)))).flat();
}

/** `each` on all items, eight at a time. */
async function inTurns<T>(items: readonly T[], each: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const worker = async () => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await each(item);
  };
  await Promise.all(Array.from({ length: 8 }, worker));
}
