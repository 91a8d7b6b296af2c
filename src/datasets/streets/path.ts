import type { Spot } from "./camera.js";
import { CANVAS } from "./camera.js";

/** In canvas units squared; a pixel at 320 pixels of width has 16. */
const SPECK = 0.6;

// A tenth of a canvas unit is a fortieth of a pixel at 320 pixels of width. The limit keeps objects close
// to the camera within the renderer's fixed-point range.
function number(value: number): number {
  return Math.round(Math.max(-20000, Math.min(20000, value)) * 10) / 10;
}

/**
 * Closed polygon as SVG path data, always clockwise on the canvas, so that joined paths do not cut holes into
 * each other. Empty if it is not visible or too small.
 */
export function polygonPath(spots: readonly Spot[]): string {
  if (spots.length < 3) return "";
  let [area, left, right, top, bottom] = [0, Infinity, -Infinity, Infinity, -Infinity];
  for (let i = 0; i < spots.length; i++) {
    const [x, y] = spots[i] as Spot;
    const [nx, ny] = spots[i + 1 === spots.length ? 0 : i + 1] as Spot;
    area += x * ny - nx * y;
    if (x < left) left = x;
    if (x > right) right = x;
    if (y < top) top = y;
    if (y > bottom) bottom = y;
  }
  if (right < 0 || bottom < 0 || left > CANVAS.width || top > CANVAS.height) return "";
  if ((right - left) * (bottom - top) < SPECK) return "";
  let path = "";
  for (let i = 0; i < spots.length; i++) {
    const [x, y] = spots[area > 0 ? i : spots.length - 1 - i] as Spot;
    path += `${i === 0 ? "M" : "L"}${number(x)} ${number(y)}`;
  }
  return `${path}Z`;
}

/** Closed smooth outline: the spots are control points, the curve runs through their midpoints. */
export function smoothPath(outline: readonly Spot[]): string {
  if (outline.length < 3) return "";
  const spots = clockwise(outline);
  const middle = (i: number): string => {
    const a = spots[i % spots.length] as Spot;
    const b = spots[(i + 1) % spots.length] as Spot;
    return `${number((a[0] + b[0]) / 2)} ${number((a[1] + b[1]) / 2)}`;
  };
  const turns = spots.map((_, i) => {
    const [x, y] = spots[(i + 1) % spots.length] as Spot;
    return `Q${number(x)} ${number(y)} ${middle(i + 1)}`;
  });
  return `M${middle(0)}${turns.join("")}Z`;
}

function clockwise(spots: readonly Spot[]): readonly Spot[] {
  const area = spots.reduce((sum, [x, y], i) => {
    const [nx, ny] = spots[(i + 1) % spots.length] as Spot;
    return sum + x * ny - nx * y;
  }, 0);
  return area > 0 ? spots : [...spots].reverse();
}

// Small ellipses are octagons of nearly the same area: cheaper, without a visible difference.
const OCTAGON = Array.from({ length: 8 }, (_, k): Spot => {
  const turn = ((k + 0.5) / 8) * 2 * Math.PI;
  return [Math.cos(turn), Math.sin(turn)];
});

/** Ellipse around (x, y); clockwise, as polygons are. */
export function ellipsePath(x: number, y: number, rx: number, ry: number): string {
  if (Math.max(rx, ry) < 9) {
    const corner = ([c, s]: Spot): Spot => [x + 1.04 * rx * c, y + 1.04 * ry * s];
    return polygonPath(OCTAGON.map(corner));
  }
  if (x + rx < 0 || y + ry < 0 || x - rx > CANVAS.width || y - ry > CANVAS.height) return "";
  const r = `${number(rx)} ${number(ry)}`;
  const [left, right, cy] = [number(x - rx), number(x + rx), number(y)];
  return `M${left} ${cy}A${r} 0 1 1 ${right} ${cy}A${r} 0 1 1 ${left} ${cy}Z`;
}

/** Tapered bar with round ends, from `a` to `b`; `ra` and `rb` are the radii of its ends. */
export function barPath(a: Spot, b: Spot, ra: number, rb: number): string {
  const r = Math.max(ra, rb);
  if (Math.max(a[0], b[0]) + r < 0 || Math.min(a[0], b[0]) - r > CANVAS.width) return "";
  const length = Math.hypot(b[0] - a[0], b[1] - a[1]) || 1;
  const [nx, ny] = [-(b[1] - a[1]) / length, (b[0] - a[0]) / length];
  const at = (c: Spot, r: number) => `${number(c[0] + nx * r)} ${number(c[1] + ny * r)}`;
  if (r < 2.5) return `M${at(a, ra)}L${at(a, -ra)} ${at(b, -rb)} ${at(b, rb)}Z`;
  const turn = (r: number) => `A${number(r)} ${number(r)} 0 0 1 `;
  return `M${at(a, ra)}${turn(ra)}${at(a, -ra)}L${at(b, -rb)}${turn(rb)}${at(b, rb)}Z`;
}

/** Convex hull, for shadows. */
export function hull(points: readonly Spot[]): Spot[] {
  const sorted = [...points].sort((a, b) => a[0] - b[0] || a[1] - b[1]);
  const half = (list: readonly Spot[]): Spot[] => {
    const out: Spot[] = [];
    for (const c of list) {
      while (out.length > 1) {
        const [a, b] = out.slice(-2) as [Spot, Spot];
        if ((b[0] - a[0]) * (c[1] - a[1]) - (b[1] - a[1]) * (c[0] - a[0]) > 0) break;
        out.pop();
      }
      out.push(c);
    }
    return out.slice(0, -1);
  };
  return [...half(sorted), ...half(sorted.reverse())];
}
