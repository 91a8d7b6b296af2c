/** A line of metrics.jsonl. */
export type MetricsLine = Readonly<Record<string, number>> & { readonly step: number };

/** The values of one key of metrics.jsonl, by step. */
export interface ScoreHistory {
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** The value at step 0: of the weights that the run started from. */
  readonly start?: number;
  /** Values after the first step. */
  readonly snapshots: number;
  /** Of the last snapshot: the result of a run. */
  readonly last: number;
  /** Over the snapshots; the sample deviation divides by n - 1 and is 0 for one. */
  readonly mean: number;
  readonly deviation: number;
  /** The highest of the snapshots: chosen by the labels that it is measured on, and so not a result. */
  readonly best: { readonly step: number; readonly value: number };
}

/** The history of one key of metrics.jsonl; undefined if no line after step 0 has it. */
export function scoreHistory(
  metrics: readonly MetricsLine[],
  key: string,
): ScoreHistory | undefined {
  const steps: number[] = [];
  const values: number[] = [];
  let start: number | undefined;
  let best = { step: 0, value: Number.NEGATIVE_INFINITY };
  for (const line of metrics) {
    const value = line[key];
    if (value === undefined) continue;
    steps.push(line.step);
    values.push(value);
    if (line.step === 0) start = value;
    else if (value > best.value) best = { step: line.step, value };
  }
  const snapshots = values.filter((_, i) => steps[i] !== 0);
  const last = snapshots.at(-1);
  if (last === undefined) return undefined;
  return {
    ...{ steps, values, snapshots: snapshots.length, last, best },
    ...meanAndDeviation(snapshots),
    ...(start === undefined ? {} : { start }),
  };
}

/** Mean and sample deviation (n - 1); NaN for no values, deviation 0 for one. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
