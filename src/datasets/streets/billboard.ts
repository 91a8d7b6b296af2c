import type { Color } from "../dataset.js";
import type { Point, Spot } from "./camera.js";
import { project } from "./camera.js";
import { ellipsePath, polygonPath, smoothPath } from "./path.js";
import type { Fill, Mark, Stage } from "./stage.js";
import { fillPath, tone } from "./stage.js";

/** A flat figure that faces the camera: shapes in metres, x to the right and y up from its foot. */
export interface Billboard {
  /** Canvas units per metre. */
  readonly scale: number;
  polygon(spots: readonly Spot[], color: Color, fill?: Fill): void;
  smooth(spots: readonly Spot[], color: Color, fill?: Fill): void;
  ellipse(x: number, y: number, rx: number, ry: number, color: Color, fill?: Fill): void;
  /** Several ellipses as one path, so that their overlap stays one surface. */
  ellipses(
    list: readonly (readonly [number, number, number, number])[],
    color: Color,
    fill?: Fill,
  ): void;
  /** Tapered bar with round ends. */
  limb(from: Spot, to: Spot, width: number, endWidth: number, color: Color, fill?: Fill): void;
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

/** Starts a figure at a street point beyond the near plane; drawing appends to `out`. */
export function billboard(stage: Stage, out: Mark[], foot: Point, widthFactor = 1): Billboard {
  const [u, v] = project(stage.camera, foot);
  const s = stage.camera.focal / foot[2];
  const map = ([x, y]: Spot): Spot => [u + x * widthFactor * s, v - y * s];
  const put = (path: string, color: Color, fill: Fill = {}) =>
    fillPath(out, path, tone(stage, color, foot[2], fill.light), fill);
  const oval = (x: number, y: number, rx: number, ry: number): string => {
    const [cx, cy] = map([x, y]);
    return ellipsePath(cx, cy, rx * widthFactor * s, ry * s);
  };
  const outline = (from: Spot, to: Spot, width: number, endWidth: number): string => {
    const [a, b] = [map(from), map(to)];
    const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
    const [nx, ny] = [-(b[1] - a[1]) / length, (b[0] - a[0]) / length];
    const [p, q] = [(width / 2) * s, (endWidth / 2) * s];
    const end = (c: Spot, r: number) => ellipsePath(c[0], c[1], r, r);
    const bar: Spot[] = [
      [a[0] + nx * p, a[1] + ny * p],
      [a[0] - nx * p, a[1] - ny * p],
      [b[0] - nx * q, b[1] - ny * q],
      [b[0] + nx * q, b[1] + ny * q],
    ];
    // The ellipses run clockwise; the bar must too, or the overlap would count as a hole.
    return polygonPath(bar.reverse()) + end(a, p) + end(b, q);
  };
  return {
    scale: s,
    polygon: (spots, color, fill) => put(polygonPath(spots.map(map)), color, fill),
    smooth: (spots, color, fill) => put(smoothPath(spots.map(map)), color, fill),
    ellipse: (x, y, rx, ry, color, fill) => put(oval(x, y, rx, ry), color, fill),
    ellipses: (list, color, fill) => put(list.map((e) => oval(...e)).join(""), color, fill),
    limb: (from, to, width, endWidth, color, fill) =>
      put(outline(from, to, width, endWidth), color, fill),
    ring: (x, y, rx, ry, width, color, fill) => {
      const [cx, cy] = map([x, y]);
      const [ox, oy] = [rx * widthFactor * s, ry * s];
      const thick = Math.min(width * s, ox);
      const inner = ellipsePath(cx, cy, ox - thick, oy - Math.min(width * s, oy));
      // The opposite direction (sweep 0) makes the inner ellipse a hole.
      const hole = inner.replaceAll(" 0 1 1 ", " 0 1 0 ");
      put(ellipsePath(cx, cy, ox, oy) + hole, color, fill);
    },
  };
}
