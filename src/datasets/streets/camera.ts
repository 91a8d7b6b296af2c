/**
 * Street coordinates in metres: x to the right of the road's centre line, y up from the road,
 * z ahead of the camera along the road.
 */
export type Point = readonly [x: number, y: number, z: number];

/** Position on the canvas, x to the right and y down. */
export type Spot = readonly [x: number, y: number];

/** The canvas that scenes are drawn on, independent of the size at which they are rendered. */
export const CANVAS = { width: 1280, height: 640 } as const;

/** Nearest depth that is drawn, in metres. */
export const NEAR = 1.2;

/** A pinhole camera over a road that may bend sideways and rise or fall. */
export interface Camera {
  /** Focal length in canvas units. */
  readonly focal: number;
  /** Vanishing point of a straight, level road, in canvas units. */
  readonly center: number;
  readonly horizon: number;
  /** Position across the road and above it, in metres. */
  readonly x: number;
  readonly height: number;
  /** Sideways and upward bend: offset = bend * z² up to BEND_END, straight after that. */
  readonly curve: number;
  readonly slope: number;
}

const BEND_END = 70;

/** From street to camera coordinates: applies the bends and moves the camera to the origin. */
export function view(camera: Camera, [x, y, z]: Point): Point {
  const far = z > BEND_END ? BEND_END * (2 * z - BEND_END) : z * z;
  return [x - camera.x + camera.curve * far, y - camera.height + camera.slope * far, z];
}

/** Canvas position of a point in camera coordinates with z > 0. */
export function spot(camera: Camera, [x, y, z]: Point): Spot {
  return [camera.center + (camera.focal * x) / z, camera.horizon - (camera.focal * y) / z];
}

/** Canvas position of a street point behind NEAR. */
export function project(camera: Camera, point: Point): Spot {
  return spot(camera, view(camera, point));
}

/** Clips a polygon in street coordinates at NEAR and projects it; fewer than 3 spots: not visible. */
export function projectPolygon(camera: Camera, polygon: readonly Point[]): Spot[] {
  const seen = polygon.map((point) => view(camera, point));
  const spots: Spot[] = [];
  for (let i = 0; i < seen.length; i++) {
    const a = seen[i] as Point;
    const b = seen[(i + 1) % seen.length] as Point;
    if (a[2] >= NEAR) spots.push(spot(camera, a));
    if (a[2] >= NEAR !== b[2] >= NEAR) {
      const t = (NEAR - a[2]) / (b[2] - a[2]);
      spots.push(spot(camera, [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, NEAR]));
    }
  }
  return spots;
}

/** Whether the outside of a quad (counter-clockwise from outside, y up) faces the camera. */
export function facesCamera(camera: Camera, quad: readonly Point[]): boolean {
  const [a, b, , d] = quad.map((point) => view(camera, point)) as [Point, Point, Point, Point];
  const n = outward(a, b, d);
  return n[0] * a[0] + n[1] * a[1] + n[2] * a[2] < 0;
}

/** Unit normal that points outside, from a corner and its right and upper neighbours. */
export function outward(a: Point, right: Point, up: Point): Point {
  const p = [right[0] - a[0], right[1] - a[1], right[2] - a[2]] as const;
  const q = [up[0] - a[0], up[1] - a[1], up[2] - a[2]] as const;
  // x right, y up, z ahead is left-handed: the cross product points inside.
  const n = [
    q[1] * p[2] - q[2] * p[1],
    q[2] * p[0] - q[0] * p[2],
    q[0] * p[1] - q[1] * p[0],
  ] as const;
  const length = Math.hypot(...n) || 1;
  return [n[0] / length, n[1] / length, n[2] / length];
}
