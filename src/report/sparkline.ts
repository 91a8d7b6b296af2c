const LEVELS = ["▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"];

/** A curve in a line of text, with a character for each value, scaled from the lowest to the highest. */
export function sparkline(values: readonly number[]): string {
  const [low, high] = [Math.min(...values), Math.max(...values)];
  const level = (value: number) =>
    high > low ? Math.round(((value - low) / (high - low)) * (LEVELS.length - 1)) : 0;
  return values.map((value) => LEVELS[level(value)]).join("");
}

/** At most `count` values: means over parts of equal length. Values that are not finite are left out. */
export function partMeans(values: readonly number[], count: number): number[] {
  const finite = values.filter(Number.isFinite);
  const parts = Math.min(count, finite.length);
  const start = (part: number) => Math.floor((part * finite.length) / parts);
  return Array.from({ length: parts }, (_, i) => {
    const part = finite.slice(start(i), start(i + 1));
    return part.reduce((sum, value) => sum + value, 0) / part.length;
  });
}
