import { UserError } from "../errors.js";
import type { BaselineKind } from "./baseline.js";
import { comparisonNotes } from "./comparison-notes.js";
import { baselineAmong, pretrainingOf } from "./find-baseline.js";
import type { ResultFile, RunFiles, RunOutcome } from "./run-files.js";
import { differences, groupKey, type Settings, settingsOf } from "./run-groups.js";
import { meanAndDeviation } from "./score-history.js";

/** A value over seeds; deviation with n - 1, 0 for a single run. Shares 0..1. */
export interface Spread {
  readonly mean: number;
  readonly deviation: number;
  readonly runs: number;
}

/** A mean of differences, each to the baseline of the same run. */
export interface Gain extends Spread {
  readonly baseline: BaselineKind;
}

/** Runs that differ only in their seed. */
export interface Group {
  /** The method, and the settings that tell this group from others of it. */
  readonly label: string;
  readonly method: string;
  readonly runs: readonly CompleteRun[];
  readonly seeds: readonly number[];
  /** mIoU by evaluation set; undefined if a run has none. */
  readonly miou: Readonly<Record<string, Spread | undefined>>;
  /** IoU per class on the first set; undefined if the class does not occur. */
  readonly iou: readonly (Spread | undefined)[];
  /**
   * mIoU on the first set minus the baseline's, over the runs that have a source-only baseline; if none has,
   * over those that have a pretraining. Undefined without a baseline, and for source-only itself.
   */
  readonly gain?: Gain;
}

/** Complete runs side by side, in groups that differ in more than their seed. */
export interface Comparison {
  readonly sets: readonly string[];
  readonly classes: readonly string[];
  readonly groups: readonly Group[];
  /** What a reader must know before comparing the rows, one sentence each. */
  readonly notes: readonly string[];
  /** Runs that are not complete, by name. */
  readonly leftOut: readonly string[];
}

type CompleteRun = RunFiles & { readonly result: ResultFile };

const isComplete = (run: RunFiles): run is CompleteRun => run.result !== undefined;

/**
 * Sorts runs into groups that differ only in their seed, in the order given. Baselines are looked for among
 * the given runs; a pretraining is also read from the folder that a run names.
 * @throws UserError if no run is complete, or if the runs differ in their classes or share no evaluation set
 */
export function compareRuns(all: readonly RunFiles[]): Comparison {
  const runs = all.filter(isComplete);
  const leftOut = all.filter((run) => !isComplete(run)).map(({ name }) => name);
  const { classes, sets } = shared(runs);
  const [main] = sets as [string];
  const members = membersOf(runs);
  const labels = labelsOf(members.map(({ settings }) => settings));
  const starts = runs.flatMap((run) => pretrainingOf(run) ?? []);
  const find = baselineAmong<RunOutcome>([...runs, ...starts]);
  const groups = members.map(({ runs: group }, i): Group => {
    const gain = gainOf(group, main, find);
    return {
      label: labels[i] as string,
      method: group[0]?.result.method as string,
      runs: group,
      seeds: group.map(({ result }) => result.seed),
      miou: Object.fromEntries(
        sets.map((set) => [set, spread(group.map((run) => miou(run, set)))]),
      ),
      iou: classes.map((_, k) => spread(group.map(({ result }) => result.scores[main]?.iou[k]))),
      ...(gain ? { gain } : {}),
    };
  });
  return { sets, classes, groups, notes: comparisonNotes(groups, sets), leftOut };
}

/** The classes and evaluation sets that all runs have. @throws UserError as `compareRuns` does */
function shared(runs: readonly CompleteRun[]): Pick<Comparison, "classes" | "sets"> {
  const [first] = runs;
  if (!first) {
    throw new UserError(
      "run-incomplete",
      "none of these runs is complete (none has a result.json): finish one, or name others",
    );
  }
  const { classes } = first.result;
  for (const { name, result } of runs) {
    if (result.classes.join() === classes.join()) continue;
    throw new UserError(
      "class-mismatch",
      `${name} has the classes ${result.classes.join(", ")}, but ${first.name} has ` +
        `${classes.join(", ")}: compare runs of the same classes`,
    );
  }
  const sets = first.sets.filter((set) => runs.every(({ result }) => result.scores[set]));
  if (sets.length > 0) return { classes, sets };
  throw new UserError(
    "conflicting-options",
    `the runs have no evaluation set in common (${first.name} has ${first.sets.join(", ")}): compare ` +
      "runs that are evaluated on the same set",
  );
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

const miou = ({ result }: RunOutcome, set: string) => result?.scores[set]?.miou;

/** undefined if a value is missing: a mean over fewer runs would be another number. */
function spread(values: readonly (number | null | undefined)[]): Spread | undefined {
  const known = values.filter((value) => value !== null && value !== undefined);
  if (known.length < values.length || known.length === 0) return undefined;
  return { ...meanAndDeviation(known), runs: known.length };
}

function gainOf(
  group: readonly CompleteRun[],
  set: string,
  find: ReturnType<typeof baselineAmong<RunOutcome>>,
): Gain | undefined {
  const pairs = group.flatMap((run) => {
    const baseline = find(run);
    const [own, base] = [miou(run, set), baseline && miou(baseline.run, set)];
    if (!baseline || typeof own !== "number" || typeof base !== "number") return [];
    return [{ kind: baseline.kind, difference: own - base }];
  });
  for (const baseline of ["source-only", "pretraining"] as const) {
    const own = pairs.filter(({ kind }) => kind === baseline).map(({ difference }) => difference);
    const gain = spread(own);
    if (gain) return { ...gain, baseline };
  }
  return undefined;
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
