import type { Color } from "../dataset.js";
import type { Point, Spot } from "./camera.js";
import { projectPolygon } from "./camera.js";
import type { Fill, Mark, Quad, Sketch } from "./drawing.js";
import { faceLight, fillPolygons, inSight } from "./drawing.js";
import { hull, polygonPath } from "./path.js";

/** Position and heading of an object: 0 is along the road, away from the camera. */
export interface Place {
  readonly x: number;
  readonly y: number;
  readonly z: number;
  readonly heading: number;
}

/** Rectangle across height: rear and front along the length, left and right across. */
export interface Slab {
  readonly rear: number;
  readonly front: number;
  readonly left: number;
  readonly right: number;
  /** Height at the rear and at the front. */
  readonly up: readonly [number, number];
}

/** The five faces that can be visible, each as a quad seen from outside. */
export interface Box {
  readonly rear: Quad;
  readonly front: Quad;
  readonly left: Quad;
  readonly right: Quad;
  readonly top: Quad;
}

/** From an object's length, width and height to street coordinates. */
export function place({ x, y, z, heading }: Place, l: number, w: number, h: number): Point {
  const [s, c] = [Math.sin(heading), Math.cos(heading)];
  return [x + l * s + w * c, y + h, z + l * c - w * s];
}

/** The hull of two slabs, one above the other. */
export function makeBox(where: Place, low: Slab, high: Slab): Box {
  const corners = (slab: Slab) => ({
    rl: place(where, slab.rear, slab.left, slab.up[0]),
    rr: place(where, slab.rear, slab.right, slab.up[0]),
    fr: place(where, slab.front, slab.right, slab.up[1]),
    fl: place(where, slab.front, slab.left, slab.up[1]),
  });
  const [a, b] = [corners(low), corners(high)];
  return {
    rear: [a.rl, a.rr, b.rr, b.rl],
    front: [a.fr, a.fl, b.fl, b.fr],
    left: [a.fl, a.rl, b.rl, b.fl],
    right: [a.rr, a.fr, b.fr, b.rr],
    top: [b.rl, b.rr, b.fr, b.fl],
  };
}

/** A box with vertical sides. */
export function uprightBox(
  where: Place,
  [rear, front]: readonly [number, number],
  [left, right]: readonly [number, number],
  [bottom, top]: readonly [number, number],
): Box {
  const slab = { rear, front, left, right };
  return makeBox(where, { ...slab, up: [bottom, bottom] }, { ...slab, up: [top, top] });
}

/** Fills the visible faces and calls `decorate` for each, with its brightness. */
export function drawBox(
  sketch: Sketch,
  out: Mark[],
  box: Box,
  color: Color,
  fill: Fill,
  decorate?: (name: keyof Box, quad: Quad, light: number) => void,
): void {
  for (const name of ["top", "left", "right", "rear", "front"] as const) {
    const quad = box[name];
    if (!inSight(sketch, quad)) continue;
    const light = faceLight(sketch, quad) * (fill.light ?? 1);
    fillPolygons(sketch, out, [quad], color, { ...fill, light });
    decorate?.(name, quad, light);
  }
}

/** Contact shadow and, if the sun shines, cast shadow of a footprint that is `height` metres tall. */
export function dropShadow(
  sketch: Sketch,
  footprint: readonly Point[],
  height: number,
  contact = 0.3,
): void {
  const { sun, shadow } = sketch.look;
  const y = (footprint[0]?.[1] ?? 0) + 0.001;
  const depth = Math.max(...footprint.map((point) => point[2]));
  if (depth > 70) return;
  const add = (darkness: number, polygon: readonly Point[]) => {
    const path = polygonPath(projectPolygon(sketch.camera, polygon));
    sketch.shadows.set(darkness, (sketch.shadows.get(darkness) ?? "") + path);
  };
  const grown = (margin: number): Point[] => {
    const cx = footprint.reduce((sum, p) => sum + p[0], 0) / footprint.length;
    const cz = footprint.reduce((sum, p) => sum + p[2], 0) / footprint.length;
    return footprint.map((p) => [
      p[0] + Math.sign(p[0] - cx) * margin,
      y,
      p[2] + Math.sign(p[2] - cz) * margin,
    ]);
  };
  if (shadow > 0) {
    const reach = Math.min(height / Math.max(0.2, sun[1]), 14);
    const flat = footprint.map(([x, , z]): Spot => [x, z]);
    const moved = flat.map(([x, z]): Spot => [x - sun[0] * reach, z - sun[2] * reach]);
    const cast = hull([...flat, ...moved]).map(([x, z]): Point => [x, y, z]);
    add(shadow, cast);
  }
  if (depth < 40) add(contact / 2, grown(0.22));
  add(contact, grown(0.04));
}
