/** How a score went over a run's snapshots. The last one is the result; the best one is chosen. */
export interface Course {
  readonly steps: readonly number[];
  readonly values: readonly number[];
  readonly last: number;
  /** Over all snapshots; the deviation divides by n - 1 and is 0 for one. */
  readonly mean: number;
  readonly deviation: number;
  readonly best: { readonly step: number; readonly value: number };
}

/** A line of metrics.jsonl. */
export type MetricsLine = Readonly<Record<string, number>> & { readonly step: number };

/** The course of one key of metrics.jsonl; undefined where no line has it. */
export function courseOf(metrics: readonly MetricsLine[], key: string): Course | undefined {
  const lines = metrics.filter((line) => line[key] !== undefined);
  const values = lines.map((line) => line[key] as number);
  if (values.length === 0) return undefined;
  const at = values.indexOf(Math.max(...values));
  return {
    steps: lines.map(({ step }) => step),
    values,
    last: values.at(-1) as number,
    ...meanAndDeviation(values),
    best: { step: lines[at]?.step as number, value: values[at] as number },
  };
}

/** Mean and sample deviation; NaN for no values, deviation 0 for one. */
export function meanAndDeviation(values: readonly number[]): { mean: number; deviation: number } {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return { mean, deviation: values.length > 1 ? Math.sqrt(squares / (values.length - 1)) : 0 };
}
