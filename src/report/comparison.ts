import { UserError } from "../errors.js";
import type { ResultFile, RunFiles } from "./run-files.js";
import { differences, groupKey, type Settings, settingsOf, taskKey } from "./run-groups.js";
import { meanAndDeviation } from "./score-history.js";
import { percent } from "./score-table.js";

/** A value over seeds; deviation with n - 1, 0 for a single run. Shares 0..1. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
  readonly runs: number;
}

/** Runs that differ in their seed alone, as run-groups.ts has it. */
export interface Group {
  /** The method, and what tells this group from others of it. */
  readonly label: string;
  readonly method: string;
  readonly runs: readonly CompleteRun[];
  readonly seeds: readonly number[];
  /** mIoU by evaluation set. */
  readonly miou: Readonly<Record<string, Spread>>;
  /** IoU per class on the first set; undefined where the class does not occur. */
  readonly iou: readonly (Spread | undefined)[];
  /**
   * mIoU on the first set minus source-only's of the same seed, over the seeds that both have:
   * source-only on the same network, data and pretraining, or the first there is.
   */
  readonly gain?: Spread;
}

/** Complete runs side by side, in groups that differ in more than their seed. */
export interface Comparison {
  readonly sets: readonly string[];
  readonly classes: readonly string[];
  readonly groups: readonly Group[];
  /** Runs that are not complete, by name. */
  readonly leftOut: readonly string[];
}

type CompleteRun = RunFiles & { readonly result: ResultFile };

const isComplete = (run: RunFiles): run is CompleteRun => run.result !== undefined;

/**
 * Sorts runs into groups that differ in their seed alone, in the order given.
 * @throws UserError where none is complete, or they have other classes or share no evaluation set
 */
export function compareRuns(all: readonly RunFiles[]): Comparison {
  const runs = all.filter(isComplete);
  const leftOut = all.filter((run) => !isComplete(run)).map(({ name }) => name);
  const [first] = runs;
  if (!first)
    throw new UserError(
      "run-incomplete",
      "none of these runs is complete: there is no result.json to compare",
    );
  const { classes } = first.result;
  for (const { name, result } of runs) {
    if (result.classes.join() === classes.join()) continue;
    throw new UserError(
      "class-mismatch",
      `${name} has the classes ${result.classes.join(", ")}, but ${first.name} ` +
        `${classes.join(", ")}; compare runs of the same classes`,
    );
  }
  const sets = first.sets.filter((set) => runs.every(({ result }) => result.scores[set]));
  if (sets.length === 0) {
    throw new UserError(
      "conflicting-options",
      "these runs share no evaluation set; compare runs of the same target",
    );
  }
  const members = membersOf(runs);
  const labels = labelsOf(members.map(({ settings }) => settings));
  const groups = members.map(({ settings, runs: group }, i): Group => {
    const baseline = baselineOf(settings, members);
    const gain =
      baseline && group !== baseline ? gainOver(baseline, group, sets[0] as string) : undefined;
    return {
      label: labels[i] as string,
      method: group[0]?.result.method as string,
      runs: group,
      seeds: group.map(({ result }) => result.seed),
      miou: Object.fromEntries(
        sets.map((set) => [
          set,
          spread(group.map(({ result }) => result.scores[set]?.miou as number)),
        ]),
      ),
      iou: classes.map((_, k) => {
        const values = group.map(({ result }) => result.scores[sets[0] as string]?.iou[k] ?? null);
        return values.includes(null) ? undefined : spread(values as number[]);
      }),
      ...(gain ? { gain } : {}),
    };
  });
  return { sets, classes, groups, leftOut };
}

interface Members {
  readonly settings: Settings;
  readonly runs: CompleteRun[];
}

function membersOf(runs: readonly CompleteRun[]): Members[] {
  const groups = new Map<string, Members>();
  for (const run of runs) {
    const settings = settingsOf(run.config);
    const key = groupKey(settings);
    const group = groups.get(key) ?? { settings, runs: [] };
    group.runs.push(run);
    groups.set(key, group);
  }
  return [...groups.values()];
}

function baselineOf(settings: Settings, members: readonly Members[]): CompleteRun[] | undefined {
  const sourceOnly = members.filter((group) => group.settings.get("method") === "source-only");
  const task = taskKey(settings);
  return (sourceOnly.find((group) => taskKey(group.settings) === task) ?? sourceOnly[0])?.runs;
}

const spread = (values: readonly number[]): Spread => ({
  ...meanAndDeviation(values),
  runs: values.length,
});

function gainOver(
  baseline: readonly CompleteRun[],
  group: readonly CompleteRun[],
  set: string,
): Spread | undefined {
  const miou = (run: CompleteRun) => run.result.scores[set]?.miou as number;
  const differences = group.flatMap((run) => {
    const pair = baseline.find(({ result }) => result.seed === run.result.seed);
    return pair ? [miou(run) - miou(pair)] : [];
  });
  return differences.length > 0 ? spread(differences) : undefined;
}

const NAMED = 3;

/** The method, and for several groups of one method the settings that tell them apart. */
function labelsOf(groups: readonly Settings[]): string[] {
  return groups.map((own) => {
    const method = own.get("method") as string;
    const keys = differences(groups.filter((settings) => settings.get("method") === method));
    if (keys.length === 0) return method;
    const shown = keys.slice(0, NAMED).map((key) => {
      return `${key}=${own.get(key)?.replaceAll('"', "") ?? "default"}`;
    });
    return `${method} (${shown.join(", ")}${keys.length > NAMED ? ", ..." : ""})`;
  });
}

/** A spread in percent: "26.4 ± 0.7", without a deviation for a single run; "-" for none. */
export function spreadText(value: Spread | undefined, signed = false): string {
  if (!value) return "-";
  const sign = signed && value.mean >= 0 ? "+" : "";
  const mean = `${sign}${percent(value.mean)}`;
  return value.runs > 1 ? `${mean} ± ${percent(value.deviation)}` : mean;
}

/** Rows: a group each; columns: seeds, mIoU by set, gain over source-only. In percent. */
export function comparisonRows({ sets, groups }: Comparison): string[][] {
  const withGain = groups.some(({ gain }) => gain);
  return [
    ["mIoU, %", "seeds", ...sets, ...(withGain ? [`gain on ${sets[0]}`] : [])],
    ...groups.map(({ label, seeds, miou, gain }) => [
      label,
      seeds.join(" "),
      ...sets.map((set) => spreadText(miou[set])),
      ...(withGain ? [spreadText(gain, true)] : []),
    ]),
  ];
}

/** Rows: a class each; columns: the groups' IoU on the first set, in percent. */
export function classRows({ sets, classes, groups }: Comparison): string[][] {
  return [
    [`IoU on ${sets[0]}, %`, ...groups.map(({ label }) => label)],
    ...classes.map((name, k) => [name, ...groups.map(({ iou }) => spreadText(iou[k]))]),
  ];
}
