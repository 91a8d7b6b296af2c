import type { Canvas, Paint } from "./regions.js";

/** A closed line: x and y of its corners in turn, in pixels from the upper left corner of the image. */
export type Ring = ArrayLike<number>;

/**
 * A polygon of one or more rings. A pixel belongs to it if its centre does, by the even-odd rule over all
 * rings; there is no anti-aliasing. Centres on a left or upper edge belong to it, those on a right or lower
 * edge do not: polygons that share an edge neither overlap nor leave a gap.
 */
export const polygon =
  (rings: readonly Ring[]): Paint =>
  (canvas, value) => {
    const crossings = crossingsOf(rings, canvas);
    for (const [y, xs] of crossings) {
      xs.sort((a, b) => a - b);
      for (let i = 0; i + 1 < xs.length; i += 2) {
        fill(canvas, y, xs[i] as number, xs[i + 1] as number, value);
      }
    }
  };

/** Where the edges cross the centre lines of rows, by row of the canvas. */
function crossingsOf(rings: readonly Ring[], { height }: Canvas): Map<number, number[]> {
  const crossings = new Map<number, number[]>();
  for (const ring of rings) {
    const corners = Math.floor(ring.length / 2);
    for (let i = 0; i < corners; i++) {
      const [a, b] = [2 * i, 2 * ((i + 1) % corners)];
      // From top to bottom, so that an edge that two polygons share is computed alike for both.
      const [from, to] = (ring[a + 1] as number) <= (ring[b + 1] as number) ? [a, b] : [b, a];
      const [x0, y0] = [ring[from] as number, ring[from + 1] as number];
      const [x1, y1] = [ring[to] as number, ring[to + 1] as number];
      const last = Math.min(height, Math.ceil(y1 - 0.5));
      for (let y = Math.max(0, Math.ceil(y0 - 0.5)); y < last; y++) {
        const x = x0 + ((y + 0.5 - y0) * (x1 - x0)) / (y1 - y0);
        const row = crossings.get(y);
        if (row) row.push(x);
        else crossings.set(y, [x]);
      }
    }
  }
  return crossings;
}

/** Fills the pixels of a row whose centres are in [from, to). */
function fill({ values, width }: Canvas, y: number, from: number, to: number, value: number): void {
  const first = Math.min(width, Math.max(0, Math.ceil(from - 0.5)));
  const end = Math.min(width, Math.max(0, Math.ceil(to - 0.5)));
  values.fill(value, y * width + first, y * width + end);
}

/** A rectangle, turned by `degrees` about its centre, clockwise as displayed. */
export function rectangle(
  { left, top, right, bottom }: { left: number; top: number; right: number; bottom: number },
  degrees = 0,
): Paint {
  return polygon([turned([left, top, right, top, right, bottom, left, bottom], degrees)]);
}

/** Corners turned about the centre of the first and the third. */
function turned(corners: readonly number[], degrees: number): readonly number[] {
  if (degrees === 0) return corners;
  const [x0 = 0, y0 = 0, , , x2 = 0, y2 = 0] = corners;
  const [x, y] = [(x0 + x2) / 2, (y0 + y2) / 2];
  const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
  const moved: number[] = [];
  for (let i = 0; i < corners.length; i += 2) {
    const [dx, dy] = [(corners[i] as number) - x, (corners[i + 1] as number) - y];
    moved.push(x + dx * cos - dy * sin, y + dx * sin + dy * cos);
  }
  return moved;
}

/** An ellipse with these radii, turned by `degrees` about its centre. A pixel belongs to it if its centre does. */
export const ellipse =
  ({ x, y, rx, ry }: { x: number; y: number; rx: number; ry: number }, degrees = 0): Paint =>
  ({ values, width, height }, value) => {
    const [sin, cos] = [Math.sin((degrees * Math.PI) / 180), Math.cos((degrees * Math.PI) / 180)];
    const reach = Math.max(rx, ry);
    const bottom = Math.min(height, Math.ceil(y + reach));
    const right = Math.min(width, Math.ceil(x + reach));
    for (let row = Math.max(0, Math.floor(y - reach)); row < bottom; row++) {
      for (let column = Math.max(0, Math.floor(x - reach)); column < right; column++) {
        const [dx, dy] = [column + 0.5 - x, row + 0.5 - y];
        const [u, v] = [(dx * cos + dy * sin) / rx, (dy * cos - dx * sin) / ry];
        if (u * u + v * v <= 1) values[row * width + column] = value;
      }
    }
  };
