/**
 * Exponential moving average without the bias towards its start. A constant stays exactly the same.
 * @param weight of earlier values: 0 is none, towards 1 more
 */
export function smoothed(values: readonly number[], weight: number): readonly number[] {
  if (weight <= 0) return values;
  let [mean, norm] = [values[0] ?? 0, 0];
  return values.map((value) => {
    norm = norm * weight + 1 - weight;
    mean += ((value - mean) * (1 - weight)) / norm;
    return mean;
  });
}
