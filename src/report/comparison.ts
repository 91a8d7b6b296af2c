import { resolve } from "node:path";
import { UserError } from "../errors.js";
import { type BaselineKind, pretrainedOf, startOf } from "./baseline.js";
import type { ComparedGroup, ComparedGroups, Spread } from "./compared-group.js";
import { type ComparedRow, comparisonNotes, differingSettings } from "./comparison-notes.js";
import { baselineAmong, pretrainingOf } from "./find-baseline.js";
import { type Curve, meanCurve } from "./mean-curve.js";
import type { ResultFile, RunFiles, RunOutcome } from "./run-files.js";
import { differences, groupKey, type Settings, settingsOf } from "./run-groups.js";
import { meanAndDeviation, scoreHistory } from "./score-history.js";

/** A group with the files of its runs. */
export interface Group extends ComparedGroup {
  readonly runs: readonly CompleteRun[];
  /** The run whose pictures are shown: the first one with a baseline, else the first one. */
  readonly pictured: { readonly run: RunOutcome; readonly baseline?: RunOutcome | undefined };
}

/** Complete runs side by side, in groups that differ in more than their seed. */
export interface Comparison extends ComparedGroups {
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
  const rows = members.map(({ runs: group, settings }, i) => {
    const pairs = pairsOf(group, main, find);
    const [pair] = pairs;
    const gain = spread(pairs.map(({ gain }) => gain));
    const row: ComparedRow = {
      label: labels[i] as string,
      ...{ method: group[0]?.result.method, settings },
      runs: group.map(({ path }) => resolve(path)),
      starts: group.flatMap(({ config }) =>
        [startOf(config) ?? [], pretrainedOf(config) ?? []].flat(),
      ),
      ...(gain && pair ? { gain: { ...gain, baseline: pair.kind } } : {}),
    };
    return { row, group, gain, pairs };
  });
  const compared = rows.map(({ row }) => row);
  const keys = differingSettings(compared);
  const groups = rows.map(({ row, group, gain, pairs }): Group => {
    const [pair] = pairs;
    return {
      label: row.label,
      method: row.method as string,
      runs: group,
      pictured: { run: pair?.run ?? (group[0] as CompleteRun), baseline: pair?.base },
      seeds: group.map(({ result }) => result.seed),
      miou: Object.fromEntries(
        sets.map((set) => [set, spread(group.map((run) => miou(run, set)))]),
      ),
      iou: classes.map((_, k) => spread(group.map((run) => iou(run, main, k)))),
      iouGain: classes.map((_, k) =>
        spread(pairs.map(({ run, base }) => difference(iou(run, main, k), iou(base, main, k)))),
      ),
      settings: Object.fromEntries(keys.map((key) => [key, row.settings.get(key)])),
      curve: curveOf(group, main),
      ...(gain && pair ? { gain: { ...gain, baseline: pair.kind } } : {}),
    };
  });
  return {
    ...{ sets, classes, groups, settings: keys, leftOut },
    notes: comparisonNotes(compared, sets),
  };
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

const iou = ({ result }: RunOutcome, set: string, k: number) => result?.scores[set]?.iou[k];

const difference = (own: number | null | undefined, base: number | null | undefined) =>
  typeof own === "number" && typeof base === "number" ? own - base : undefined;

/** A run with its baseline, and the difference of their mIoU. */
interface Pair {
  readonly kind: BaselineKind;
  readonly run: RunOutcome;
  readonly base: RunOutcome;
  readonly gain: number;
}

/** The runs that have a source-only baseline; if none has, those that have a pretraining. */
function pairsOf(
  group: readonly CompleteRun[],
  set: string,
  find: ReturnType<typeof baselineAmong<RunOutcome>>,
): readonly Pair[] {
  const pairs = group.flatMap((run): Pair[] => {
    const baseline = find(run);
    const gain = baseline && difference(miou(run, set), miou(baseline.run, set));
    if (!baseline || gain === undefined) return [];
    return [{ kind: baseline.kind, run, base: baseline.run, gain }];
  });
  const sourceOnly = pairs.filter(({ kind }) => kind === "source-only");
  return sourceOnly.length > 0 ? sourceOnly : pairs;
}

/** undefined without two evaluations that all runs have. */
function curveOf(group: readonly CompleteRun[], set: string): Curve | undefined {
  const curves = group.flatMap(({ metrics }): Curve[] => {
    const history = scoreHistory(metrics, `miou/${set}`);
    return history ? [{ at: history.steps, mean: history.values }] : [];
  });
  const curve = curves.length === group.length ? meanCurve(curves) : undefined;
  return curve && curve.at.length > 1 ? curve : undefined;
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
