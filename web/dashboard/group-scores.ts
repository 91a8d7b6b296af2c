import type { RunBaseline, RunSummary } from "../../src/dashboard/api.js";
import type { BaselineKind } from "../../src/report/baseline.js";
import { meanAndDeviation } from "../../src/report/score-history.js";

/** A mean over runs, with the deviation (n - 1). */
export interface Mean {
  readonly mean: number;
  readonly deviation: number;
  readonly runs: number;
}

/** The runs of a group that count: only a complete run has a result. */
export const completeOf = (runs: readonly RunSummary[]): RunSummary[] =>
  runs.filter(({ state }) => state === "complete");

/** mIoU on a set, over the complete runs that have it. */
export const scoreOf = (runs: readonly RunSummary[], set: string): Mean | undefined =>
  meanOf(completeOf(runs).flatMap(({ last }) => last[set]?.value ?? []));

/** A complete run with its baseline. */
export interface Pair {
  readonly id: string;
  readonly baseline: RunBaseline;
  /** The difference of their mIoU. */
  readonly gain: number;
}

/** The complete runs that have a source-only baseline; if none has, those that have a pretraining. */
export function pairsOf(
  runs: readonly RunSummary[],
  baselines: ReadonlyMap<string, RunBaseline>,
  set: string,
): readonly Pair[] {
  const pairs = completeOf(runs).flatMap(({ id, last }): Pair[] => {
    const baseline = baselines.get(id);
    const [own, base] = [last[set]?.value, baseline?.miou[set]];
    if (!baseline || own === undefined || base === undefined) return [];
    return [{ id, baseline, gain: own - base }];
  });
  const sourceOnly = pairs.filter(({ baseline }) => baseline.kind === "source-only");
  return sourceOnly.length > 0 ? sourceOnly : pairs;
}

/** mIoU on a set minus the baseline's, over the runs of `pairsOf`. */
export function gainOf(
  runs: readonly RunSummary[],
  baselines: ReadonlyMap<string, RunBaseline>,
  set: string,
): (Mean & { readonly baseline: BaselineKind }) | undefined {
  const pairs = pairsOf(runs, baselines, set);
  const gain = meanOf(pairs.map((pair) => pair.gain));
  const [first] = pairs;
  return gain && first ? { ...gain, baseline: first.baseline.kind } : undefined;
}

export function meanOf(values: readonly number[]): Mean | undefined {
  return values.length > 0 ? { ...meanAndDeviation(values), runs: values.length } : undefined;
}
