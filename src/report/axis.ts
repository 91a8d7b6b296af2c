/** Round numbers from at or below `low` to at or above `high`, about `about` of them. */
export function niceTicks(low: number, high: number, about: number): number[] {
  const rough = (high - low || Math.abs(high) || 1) / Math.max(1, about - 1);
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = ([1, 2, 2.5, 5].find((m) => m * power >= rough * 0.999) ?? 10) * power;
  const first = Math.floor(low / step + 1e-9);
  const last = Math.max(first + 1, Math.ceil(high / step - 1e-9));
  return Array.from({ length: last - first + 1 }, (_, i) =>
    Number(((first + i) * step).toPrecision(12)),
  );
}

/** Differences below this share of the values are too small for axis labels of three digits. */
const FLAT = 2e-3;

/** The lowest and the highest value. */
export function extremes(values: readonly number[]): [low: number, high: number] {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  return [low, high];
}

/** The lowest and the highest value; if they are about the same, with a tenth of them to each side. */
export function flatOrSpread(values: readonly number[]): [low: number, high: number] {
  const [low, high] = extremes(values);
  const size = Math.max(Math.abs(low), Math.abs(high));
  if (high - low > FLAT * size) return [low, high];
  const room = size > 0 ? size / 10 : 1;
  return [low === 0 ? 0 : low - room, high + room];
}
