/** A line of metrics.jsonl. */
export type MetricsLine = Readonly<Record<string, number>> & { readonly step: number };

/** The values of one key of metrics.jsonl, by step. */
export interface ScoreHistory {
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** Of the last snapshot: the result of a run. */
  readonly last: number;
  /** Mean of all values; the sample deviation divides by n - 1 and is 0 for one value. */
  readonly mean: number;
  readonly deviation: number;
  /** The highest value: chosen by the labels that it is measured on, and so not a result. */
  readonly best: { readonly step: number; readonly value: number };
}

/** The history of one key of metrics.jsonl; undefined if no line has it. */
export function scoreHistory(
  metrics: readonly MetricsLine[],
  key: string,
): ScoreHistory | undefined {
  const steps: number[] = [];
  const values: number[] = [];
  let best = { step: 0, value: Number.NEGATIVE_INFINITY };
  for (const line of metrics) {
    const value = line[key];
    if (value === undefined) continue;
    steps.push(line.step);
    values.push(value);
    if (value > best.value) best = { step: line.step, value };
  }
  const last = values.at(-1);
  return last === undefined
    ? undefined
    : { steps, values, last, ...meanAndDeviation(values), best };
}

/** Mean and sample deviation (n - 1); NaN for no values, deviation 0 for one. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
