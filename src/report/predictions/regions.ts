import type { Size } from "../../datasets/dataset.js";

/** Corners of pixels, [x, y]. */
export type Point = readonly [number, number];

/** The outline of a connected region of one label. */
export interface Region {
  readonly label: number;
  /** Closed, clockwise, along the edges of pixels; holes are not left out. */
  readonly outline: readonly Point[];
  /** Pixels inside the outline, with those of holes. */
  readonly filled: number;
}

/** Steps to the right, down, left and up. */
const STEPS = [
  [1, 0],
  [0, 1],
  [-1, 0],
  [0, -1],
] as const;

/**
 * The regions of at least `least` pixels that are connected by sides, in labels [height * width], in the
 * order in which they must be drawn: one that lies in a hole of another comes after it. Drawn so, with each
 * pixel in the outline that contains its centre, they give the labels.
 */
export function regionsOf(labels: Uint8Array, size: Size, least: number): Region[] {
  const { width } = size;
  const component = new Int32Array(labels.length); // 0: not visited
  const stack = new Int32Array(labels.length);
  const regions: Region[] = [];
  let count = 0;
  for (let start = 0; start < labels.length; start++) {
    if (component[start] !== 0) continue;
    count++;
    const pixels = fill(labels, size, start, count, component, stack);
    if (pixels < least) continue;
    const outline = traced(component, size, start % width, Math.floor(start / width), count);
    regions.push({ label: labels[start] as number, outline, filled: areaOf(outline) });
  }
  return regions.sort((a, b) => b.filled - a.filled);
}

/** Marks the region of a pixel, and returns its number of pixels. */
function fill(
  labels: Uint8Array,
  { width }: Size,
  start: number,
  mark: number,
  component: Int32Array,
  stack: Int32Array,
): number {
  const label = labels[start];
  let [depth, pixels] = [0, 0];
  const visit = (at: number) => {
    if (labels[at] !== label || component[at] !== 0) return; // undefined above and below the image
    component[at] = mark;
    stack[depth++] = at;
  };
  visit(start);
  while (depth > 0) {
    const at = stack[--depth] as number;
    const x = at % width;
    pixels++;
    if (x > 0) visit(at - 1);
    if (x < width - 1) visit(at + 1);
    visit(at - width);
    visit(at + width);
  }
  return pixels;
}

/** Walks along the outer border with the region on the right, from its first pixel in reading order. */
function traced(
  component: Int32Array,
  { width, height }: Size,
  left: number,
  top: number,
  mark: number,
): Point[] {
  const has = (x: number, y: number) =>
    x >= 0 && y >= 0 && x < width && y < height && component[y * width + x] === mark;
  const outline: Point[] = [[left, top]];
  let [x, y, direction] = [left, top, 0];
  for (;;) {
    const [dx, dy] = STEPS[direction] as (typeof STEPS)[number];
    x += dx;
    y += dy;
    if (x === left && y === top) return outline;
    // The pixels ahead, to the right and to the left of the direction.
    const [rightX, rightY] = [x + ((dx - dy - 1) >> 1), y + ((dx + dy - 1) >> 1)];
    const [leftX, leftY] = [rightX + dy, rightY - dx];
    const turn = !has(rightX, rightY) ? 1 : has(leftX, leftY) ? 3 : 0;
    if (turn === 0) continue;
    outline.push([x, y]);
    direction = (direction + turn) % 4;
  }
}

/** The area of a clockwise polygon (shoelace formula). */
function areaOf(outline: readonly Point[]): number {
  let twice = 0;
  let [x0, y0] = outline.at(-1) as Point;
  for (const [x, y] of outline) {
    twice += x0 * y - x * y0;
    [x0, y0] = [x, y];
  }
  return Math.abs(twice) / 2;
}
