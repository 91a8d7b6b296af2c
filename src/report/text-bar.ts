const EIGHTHS = ["", "▏", "▎", "▍", "▌", "▋", "▊", "▉"];

/** A bar of `share` of the full width, in characters; a share above 0 is always visible. */
export function textBar(share: number, width: number): string {
  if (!(share > 0)) return "";
  const eighths = Math.max(1, Math.round(share * width * 8));
  return "█".repeat(eighths >> 3) + EIGHTHS[eighths & 7];
}

const LENGTH = { longest: 32, shortest: 8 };

/** The lines of a table in front of bars, each a share 0..1 of the longest one; undefined for no bar. */
export function withBars(
  table: readonly string[],
  shares: readonly (number | undefined)[],
  columns: number,
): string[] {
  const width = Math.max(...table.map((line) => line.length));
  const room = Math.max(LENGTH.shortest, Math.min(LENGTH.longest, columns - width - 3));
  return table.map((line, i) => {
    const bar = textBar(shares[i] ?? 0, room);
    return bar === "" ? line : `${line.padEnd(width)}  ${bar}`;
  });
}
