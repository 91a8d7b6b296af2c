import type { RunDetails, RunSummary } from "../../src/dashboard/api.js";
import type { ComparedGroup, ComparedGroups, Spread } from "../../src/report/compared-group.js";
import {
  type ComparedRow,
  comparisonNotes,
  differingSettings,
} from "../../src/report/comparison-notes.js";
import { completeOf, gainOf, meanOf, pairsOf, scoreOf } from "./group-scores.js";
import type { Group } from "./groups.js";

/** What the tables, bars and notes of a comparison show of the complete runs of some groups. */
export interface Compared extends ComparedGroups {
  readonly notes: readonly string[];
}

/** The same that `compare` writes, from what the server knows of the runs. */
export function compared(
  groups: readonly Group[],
  runs: ReadonlyMap<string, RunDetails>,
): Compared {
  const sets = setsOf(groups.flatMap((group) => group.runs));
  const [main = ""] = sets;
  const baselines = new Map(
    [...runs].flatMap(([id, { baseline }]) => (baseline ? [[id, baseline] as const] : [])),
  );
  const classes = [...runs.values()].find((one) => one.classes)?.classes?.names ?? [];
  const rows = groups.map((group): ComparedRow => {
    const own = group.runs.flatMap(({ id }) => runs.get(id) ?? []);
    return {
      label: group.name,
      method: group.runs[0]?.method,
      settings: new Map(Object.entries(own[0]?.settings ?? {})),
      runs: group.runs.map(({ id }) => id),
      starts: own.flatMap(({ starts }) => starts),
      gain: gainOf(group.runs, baselines, main),
    };
  });
  const settings = differingSettings(rows);
  return {
    ...{ sets, classes, settings },
    groups: groups.map((group, i): ComparedGroup => {
      const row = rows[i] as ComparedRow;
      const complete = completeOf(group.runs);
      const iou = (id: string, k: number) => runs.get(id)?.iou[k];
      const pairs = pairsOf(group.runs, baselines, main);
      return {
        label: group.name,
        method: row.method ?? group.name,
        seeds: complete.flatMap(({ seed }) => seed ?? []),
        miou: Object.fromEntries(sets.map((set) => [set, scoreOf(group.runs, set)])),
        iou: classes.map((_, k) => spread(complete.map(({ id }) => iou(id, k)))),
        iouGain: classes.map((_, k) =>
          spread(
            pairs.map(({ id, baseline }) => {
              const [own, base] = [iou(id, k), baseline.iou[k]];
              return typeof own === "number" && typeof base === "number" ? own - base : undefined;
            }),
          ),
        ),
        gain: gainOf(group.runs, baselines, main),
        settings: Object.fromEntries(settings.map((key) => [key, row.settings.get(key)])),
      };
    }),
    notes: comparisonNotes(rows, sets),
  };
}

/** The evaluation sets of some runs, the main one first. */
export const setsOf = (runs: readonly RunSummary[]): string[] => [
  ...new Set(runs.flatMap(({ last }) => Object.keys(last))),
];

/** undefined if a value is missing: a mean over fewer runs would be another number. */
function spread(values: readonly (number | null | undefined)[]): Spread | undefined {
  const known = values.filter((value) => typeof value === "number");
  return known.length < values.length ? undefined : meanOf(known);
}
