import type { Color } from "../dataset.js";
import type { Camera, Point, Spot } from "./camera.js";
import { facesCamera, outward, project, projectPolygon, view } from "./camera.js";
import { css, mix, scale } from "./color.js";
import type { Look } from "./look.js";
import { polygonPath } from "./path.js";
import type { Random } from "./random.js";

/**
 * One filled path. With a label it is an object: opaque in the label map, whatever its opacity in the
 * image. Without a label it is paint, which does not change the label map.
 */
export interface Mark {
  readonly path: string;
  readonly fill: string;
  readonly opacity: number;
  readonly label?: number;
}

/** The state of a scene that is being drawn. */
export interface Sketch {
  readonly camera: Camera;
  readonly look: Look;
  readonly random: Random;
  /** Gradient definitions, for the image only. */
  readonly defs: string[];
  /**
   * Shadows by darkness: above the ground, below everything that stands on it. One path each, so that
   * overlapping shadows do not add up.
   */
  readonly shadows: Map<number, string>;
}

/** Options of a fill; `light` multiplies the brightness (1 by default). */
export interface Fill {
  readonly label?: number;
  readonly opacity?: number;
  readonly light?: number;
}

/** A colour at depth z, with light and haze, in SVG's notation. */
export function tone(sketch: Sketch, color: Color, z: number, light = 1): string {
  const { haze, clarity } = sketch.look;
  return css(mix(scale(color, light), haze, 1 - Math.exp(-Math.max(0, z) / clarity)));
}

/** Appends a path. */
export function fillPath(out: Mark[], path: string, fill: string, options: Fill = {}): void {
  if (path === "") return;
  const mark = { path, fill, opacity: options.opacity ?? 1 };
  out.push(options.label === undefined ? mark : { ...mark, label: options.label });
}

/** Fills polygons given in street coordinates with one colour. */
export function fillPolygons(
  sketch: Sketch,
  out: Mark[],
  polygons: readonly (readonly Point[])[],
  color: Color,
  options: Fill = {},
): void {
  let depth = Number.POSITIVE_INFINITY;
  let path = "";
  for (const polygon of polygons) {
    path += polygonPath(projectPolygon(sketch.camera, polygon));
    depth = Math.min(depth, ...polygon.map((point) => point[2]));
  }
  fillPath(out, path, tone(sketch, color, depth, options.light), options);
}

/** Brightness of a face in the scene's light. */
export function faceLight(sketch: Sketch, quad: readonly Point[]): number {
  const [a, b, , d] = quad.map((point) => view(sketch.camera, point)) as [
    Point,
    Point,
    Point,
    Point,
  ];
  const n = outward(a, b, d);
  const { sun, ambient, direct } = sketch.look;
  const lit = Math.max(0, n[0] * sun[0] + n[1] * sun[1] + n[2] * sun[2]);
  // Some light from above even without sun keeps boxes recognisable under clouds.
  return ambient + direct * lit + 0.06 * n[1];
}

/** Four corners as seen from outside: lower left, lower right, upper right, upper left. */
export type Quad = readonly [Point, Point, Point, Point];

/** Part of a quad: u from left to right, v from bottom to top, both 0..1. */
export function patch(quad: Quad, u0: number, v0: number, u1: number, v1: number): Quad {
  return [at(quad, u0, v0), at(quad, u1, v0), at(quad, u1, v1), at(quad, u0, v1)];
}

/** The point at (u, v) of a quad. */
export function at([a, b, c, d]: Quad, u: number, v: number): Point {
  const wa = (1 - u) * (1 - v);
  const wb = u * (1 - v);
  const wc = u * v;
  const wd = (1 - u) * v;
  return [
    wa * a[0] + wb * b[0] + wc * c[0] + wd * d[0],
    wa * a[1] + wb * b[1] + wc * c[1] + wd * d[1],
    wa * a[2] + wb * b[2] + wc * c[2] + wd * d[2],
  ];
}

/** Approximate width and height on the canvas; large if partly behind the camera. */
export function extent(sketch: Sketch, quad: Quad): Spot {
  if (quad.some((point) => point[2] < 1.3)) return [CLOSE, CLOSE];
  const [a, b, c] = quad.map((point) => project(sketch.camera, point)) as [Spot, Spot, Spot];
  return [Math.hypot(b[0] - a[0], b[1] - a[1]), Math.abs(c[1] - b[1])];
}

const CLOSE = 2000;

/** Whether the outside of a quad is visible. */
export function inSight(sketch: Sketch, quad: Quad): boolean {
  return facesCamera(sketch.camera, quad);
}
