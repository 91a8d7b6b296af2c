import type { Color } from "../dataset.js";
import type { Point, Spot } from "./camera.js";
import { project } from "./camera.js";
import type { Fill, Mark, Sketch } from "./drawing.js";
import { fillPath, tone } from "./drawing.js";
import { barPath, ellipsePath, polygonPath, smoothPath } from "./path.js";

/** A tapered bar with round ends: from, to, and the width at each end. */
export type Limb = readonly [from: Spot, to: Spot, width: number, endWidth: number];

/** A flat figure that faces the camera: shapes in metres, x to the right and y up from its foot. */
export interface Billboard {
  /** Canvas units per metre. */
  readonly scale: number;
  polygon(spots: readonly Spot[], color: Color, fill?: Fill): void;
  smooth(spots: readonly Spot[], color: Color, fill?: Fill): void;
  ellipse(x: number, y: number, rx: number, ry: number, color: Color, fill?: Fill): void;
  /** Several ellipses as one path, so that overlaps are one surface. */
  ellipses(
    list: readonly (readonly [number, number, number, number])[],
    color: Color,
    fill?: Fill,
  ): void;
  /** Tapered bar with round ends. */
  limb(from: Spot, to: Spot, width: number, endWidth: number, color: Color, fill?: Fill): void;
  /** Several bars as one path. */
  limbs(list: readonly Limb[], color: Color, fill?: Fill): void;
  /** Several polygons as one path. */
  polygons(list: readonly (readonly Spot[])[], color: Color, fill?: Fill): void;
  /** Ring of the given thickness. */
  ring(
    x: number,
    y: number,
    rx: number,
    ry: number,
    width: number,
    color: Color,
    fill?: Fill,
  ): void;
}

/** Starts a figure at a street point behind the near plane; drawing appends to `out`. */
export function billboard(sketch: Sketch, out: Mark[], foot: Point, widthFactor = 1): Billboard {
  const [u, v] = project(sketch.camera, foot);
  const s = sketch.camera.focal / foot[2];
  const map = ([x, y]: Spot): Spot => [u + x * widthFactor * s, v - y * s];
  const put = (path: string, color: Color, fill: Fill = {}) =>
    fillPath(out, path, tone(sketch, color, foot[2], fill.light), fill);
  const oval = (x: number, y: number, rx: number, ry: number): string => {
    const [cx, cy] = map([x, y]);
    return ellipsePath(cx, cy, rx * widthFactor * s, ry * s);
  };
  const bar = ([from, to, width, endWidth]: Limb): string =>
    barPath(map(from), map(to), (width / 2) * s, (endWidth / 2) * s);
  return {
    scale: s,
    polygon: (spots, color, fill) => put(polygonPath(spots.map(map)), color, fill),
    polygons: (list, color, fill) =>
      put(list.map((spots) => polygonPath(spots.map(map))).join(""), color, fill),
    smooth: (spots, color, fill) => put(smoothPath(spots.map(map)), color, fill),
    ellipse: (x, y, rx, ry, color, fill) => put(oval(x, y, rx, ry), color, fill),
    ellipses: (list, color, fill) => put(list.map((e) => oval(...e)).join(""), color, fill),
    limb: (from, to, width, endWidth, color, fill) =>
      put(bar([from, to, width, endWidth]), color, fill),
    limbs: (list, color, fill) => put(list.map(bar).join(""), color, fill),
    ring: (x, y, rx, ry, width, color, fill) => {
      const [cx, cy] = map([x, y]);
      const [ox, oy] = [rx * widthFactor * s, ry * s];
      const thick = Math.min(width * s, ox);
      const inner = ellipsePath(cx, cy, ox - thick, oy - Math.min(width * s, oy));
      // The opposite direction (sweep 0) cuts the inner ellipse out.
      const hole = inner.replaceAll(" 0 1 1 ", " 0 1 0 ");
      put(ellipsePath(cx, cy, ox, oy) + hole, color, fill);
    },
  };
}
