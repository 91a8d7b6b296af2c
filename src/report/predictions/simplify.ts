import type { Point } from "./regions.js";

/**
 * A closed polygon with fewer points, from which no left-out point is farther than `tolerance`: Douglas and
 * Peucker, Cartographica 10(2), 1973. A polygon that would lose its area stays as it is.
 */
export function simplified(outline: readonly Point[], tolerance: number): readonly Point[] {
  const far = farthest(outline, 0, 0);
  const kept = new Set([0, far]);
  const open: [number, number][] = [
    [0, far],
    [far, outline.length],
  ];
  for (let part = open.pop(); part; part = open.pop()) {
    const [from, to] = part;
    let [most, at] = [tolerance, -1];
    for (let i = from + 1; i < to; i++) {
      const distance = distanceTo(outline, i, from, to % outline.length);
      if (distance > most) [most, at] = [distance, i];
    }
    if (at < 0) continue;
    kept.add(at);
    open.push([from, at], [at, to]);
  }
  return kept.size < 3 ? outline : outline.filter((_, i) => kept.has(i));
}

/** The point that is farthest from the line through two others, or from one point. */
function farthest(outline: readonly Point[], a: number, b: number): number {
  let [most, at] = [-1, a];
  for (const i of outline.keys()) {
    const distance = distanceTo(outline, i, a, b);
    if (distance > most) [most, at] = [distance, i];
  }
  return at;
}

function distanceTo(outline: readonly Point[], i: number, a: number, b: number): number {
  const [[x, y], [ax, ay], [bx, by]] = [outline[i], outline[a], outline[b]] as [
    Point,
    Point,
    Point,
  ];
  const length = Math.hypot(bx - ax, by - ay);
  if (length === 0) return Math.hypot(x - ax, y - ay);
  return Math.abs((bx - ax) * (y - ay) - (by - ay) * (x - ax)) / length;
}
