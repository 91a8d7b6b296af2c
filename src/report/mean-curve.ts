/** Values by rising step. */
export interface Curve {
  readonly at: readonly number[];
  readonly mean: readonly number[];
  readonly low?: readonly number[] | undefined;
  readonly high?: readonly number[] | undefined;
}

/**
 * The mean of several curves, with a band from the lowest to the highest of them, at the steps that all have.
 * Curves without a common step give undefined, a single one is returned as it is.
 */
export function meanCurve(curves: readonly Curve[]): Curve | undefined {
  const [first] = curves;
  if (!first || curves.length === 1) return first;
  const tables = curves.map(({ at, mean }) => new Map(at.map((step, i) => [step, mean[i]])));
  const at = first.at.filter((step) => tables.every((table) => table.has(step)));
  if (at.length === 0) return undefined;
  const values = at.map((step) => tables.map((table) => table.get(step) as number));
  return {
    at,
    mean: values.map((own) => own.reduce((sum, one) => sum + one, 0) / own.length),
    low: values.map((own) => Math.min(...own)),
    high: values.map((own) => Math.max(...own)),
  };
}
