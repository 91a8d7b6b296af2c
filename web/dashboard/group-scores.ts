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

/**
 * mIoU on a set minus the baseline's, over the complete runs that have a source-only baseline; if none has,
 * over those that have a pretraining.
 */
export function gainOf(
  runs: readonly RunSummary[],
  baselines: ReadonlyMap<string, RunBaseline>,
  set: string,
): (Mean & { readonly baseline: BaselineKind }) | undefined {
  const pairs = completeOf(runs).flatMap(({ id, last }) => {
    const baseline = baselines.get(id);
    const [own, base] = [last[set]?.value, baseline?.miou[set]];
    if (!baseline || own === undefined || base === undefined) return [];
    return [{ kind: baseline.kind, difference: own - base }];
  });
  for (const baseline of ["source-only", "pretraining"] as const) {
    const own = pairs.filter(({ kind }) => kind === baseline).map(({ difference }) => difference);
    const gain = meanOf(own);
    if (gain) return { ...gain, baseline };
  }
  return undefined;
}

export function meanOf(values: readonly number[]): Mean | undefined {
  return values.length > 0 ? { ...meanAndDeviation(values), runs: values.length } : undefined;
}
