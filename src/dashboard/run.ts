import { createHash } from "node:crypto";
import { stat } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { groupKey, settingsOf } from "../report/run-groups.js";
import { inside } from "../serving/safe-path.js";
import type { RunGain, RunState, RunSummary, Score } from "./api.js";
import {
  asMapping,
  asNumber,
  asString,
  LARGEST,
  parseMapping,
  readJson,
  readText,
} from "./read-file.js";
import { scan } from "./scan.js";

/** One run folder, as the list shows it. */
export interface Run {
  readonly id: string;
  /** The folder, as a real path. */
  readonly folder: string;
  /** Reads what is new. Returns whether the summary has changed. */
  refresh(): Promise<boolean>;
  readonly summary: RunSummary;
  /** Puts the gain over its baseline into the summary. Returns whether the summary has changed. */
  measure(gain: RunGain | undefined): boolean;
  /** The value in config.yaml; empty if it is missing or damaged. */
  readonly configuration: Readonly<Record<string, unknown>>;
  /** The real path of a file of the run; undefined if it is missing or outside of what is served. */
  file(name: string): string | undefined;
}

/** Where a run folder is. */
export interface RunPlace {
  readonly id: string;
  /** The real path that no file of the run may lead out of. */
  readonly root: string;
  /** The run folder below `root`; "" for `root` itself. */
  readonly below: string;
}

const LOST_AFTER = 60_000;
const PATIENCE = 200;
const LARGE = 8 * 2 ** 20;
const TREND = 48;
const MOST_SETS = 32;
const FILES = ["status.json", "metrics.jsonl", "result.json", "config.yaml", "report.html"];

export function openRun({ id, root, below }: RunPlace): Run {
  const file = (name: string) => inside(root, below === "" ? name : `${below}/${name}`);
  const folder = below === "" ? root : (inside(root, below) ?? join(root, below));
  const metrics = scan(join(folder, "metrics.jsonl"));
  let signature = "";
  let summary: RunSummary | undefined;
  let config: { stamp: string; value: Record<string, unknown>; group: string } | undefined;

  async function readConfig(stamp: string) {
    if (config?.stamp !== stamp) {
      const value = parseMapping(await readText(file("config.yaml"), LARGEST.config));
      config = { stamp, value, group: groupOf(id, value) };
    }
    return config;
  }

  return {
    id,
    folder,
    file,
    get summary() {
      return summary as RunSummary;
    },
    get configuration() {
      return config?.value ?? {};
    },
    measure(gain) {
      if (!summary || JSON.stringify(summary.gain) === JSON.stringify(gain)) return false;
      const { gain: _, ...rest } = summary;
      summary = gain ? { ...rest, gain } : rest;
      return true;
    },
    async refresh() {
      const stamps = await Promise.all(FILES.map((name) => stampOf(file(name))));
      const now = stamps.map(({ text }) => text).join(" ");
      const stale = summary?.state === "running" && isOld(summary.updated);
      if (now === signature && !stale) return false;
      signature = now;
      if (file("metrics.jsonl") !== undefined) {
        // A large file is read over several calls, so that the list does not wait for it.
        const reading = metrics.refresh();
        if ((stamps[1]?.size ?? 0) > LARGE) {
          const late = setTimeout(PATIENCE, "late", { ref: false });
          if ((await Promise.race([reading, late])) === "late") signature = "";
        } else await reading;
      }
      const { value, group } = await readConfig(stamps[3]?.text ?? "");
      const [status, result] = await Promise.all([
        readJson(file("status.json")),
        readJson(file("result.json")),
      ]);
      const train = asMapping(value.train);
      const main = Object.keys(asMapping(value.evaluate))[0];
      const scores = scoresOf(metrics.scores, asMapping(result?.scores), result?.steps, main);
      const trend = trendOf(scores, metrics.losses);
      const touched = new Date(Math.max(...stamps.map(({ time }) => time))).toISOString();
      const updated = asString(status?.updated) ?? touched;
      summary = {
        id,
        group,
        hasReport: file("report.html") !== undefined,
        state: stateOf(status, result !== undefined, updated),
        step: Math.max(asNumber(status?.step) ?? 0, metrics.step, asNumber(result?.steps) ?? 0),
        updated,
        ...trend,
        last: pick(scores, (list) => list.at(-1)),
        best: pick(scores, (list) => list.reduce((a, b) => (b.value >= a.value ? b : a))),
        ...defined({
          method: asString(status?.method) ?? asString(value.method),
          seed: asNumber(status?.seed) ?? asNumber(train.seed),
          steps: asNumber(status?.steps) ?? asNumber(train.steps),
          started: asString(status?.started),
          error: asString(status?.error),
          loss: metrics.loss,
          secondsPerStep: metrics.secondsPerStep,
          gain: summary?.gain,
        }),
      };
      return true;
    },
  };
}

function stateOf(
  status: Record<string, unknown> | undefined,
  hasResult: boolean,
  updated: string,
): RunState {
  const state = status?.state;
  if (state === "complete" || state === "stopped" || state === "failed") return state;
  if (state === "running") return isOld(updated) ? "lost" : "running";
  // Without status.json, its other files tell.
  return hasResult ? "complete" : isOld(updated) ? "stopped" : "running";
}

const isOld = (iso: string) => Date.now() - Date.parse(iso) > LOST_AFTER;

/** mIoU by set, the main set first; from result.json if metrics.jsonl has none. */
function scoresOf(
  logged: ReadonlyMap<string, readonly Score[]>,
  result: Record<string, unknown>,
  steps: unknown,
  main: string | undefined,
): [string, readonly Score[]][] {
  const all = new Map(logged);
  for (const [set, scores] of Object.entries(result).slice(0, MOST_SETS)) {
    const value = asNumber(asMapping(scores).miou);
    const step = asNumber(steps) ?? 0;
    if (value === undefined || all.get(set)?.at(-1)?.step === step) continue;
    all.set(set, [...(all.get(set) ?? []), { step, value }]);
  }
  const rank = (set: string) => (set === main ? 0 : 1);
  return [...all].sort(([a], [b]) => rank(a) - rank(b));
}

function trendOf(
  scores: readonly (readonly [string, readonly Score[]])[],
  losses: readonly number[],
) {
  const [set, list] = scores[0] ?? ["", []];
  const miou = list.length > 2;
  const values = miou ? list.map(({ value }) => value) : losses;
  const shown = Math.min(TREND, values.length);
  const at = (i: number) =>
    values[Math.round((i * (values.length - 1)) / Math.max(1, shown - 1))] as number;
  return {
    trend: Array.from({ length: shown }, (_, i) => Number(at(i).toPrecision(4))),
    trendOf: miou ? `mIoU on ${set}` : "source loss",
  };
}

/** A snapshot of each set; step 0 is the start, and no snapshot of the run. */
function pick(
  scores: readonly (readonly [string, readonly Score[]])[],
  choose: (list: readonly Score[]) => Score | undefined,
): Record<string, Score> {
  return Object.fromEntries(
    scores.flatMap(([set, list]) => {
      const snapshots = list[0]?.step === 0 ? list.slice(1) : list;
      const score = snapshots.length > 0 ? choose(snapshots) : undefined;
      return score ? [[set, score]] : [];
    }),
  );
}

/** Equal for runs that differ only in their seed. */
function groupOf(id: string, config: Record<string, unknown>): string {
  if (Object.keys(config).length === 0) return id;
  return createHash("sha256")
    .update(groupKey(settingsOf(config)))
    .digest("hex")
    .slice(0, 12);
}

async function stampOf(
  path: string | undefined,
): Promise<{ text: string; time: number; size: number }> {
  try {
    const { mtimeMs, size, ino } = await stat(path as string);
    return { text: `${ino}:${size}:${mtimeMs}`, time: mtimeMs, size };
  } catch {
    return { text: "-", time: 0, size: 0 };
  }
}

function defined<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as {
    [K in keyof T]?: Exclude<T[K], undefined>;
  };
}
