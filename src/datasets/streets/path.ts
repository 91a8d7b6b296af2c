import type { Spot } from "./camera.js";

// A tenth of a canvas unit is a fortieth of a pixel at 320 wide; the limit keeps what lies close
// beside the camera inside the renderer's fixed-point range.
function number(value: number): number {
  return Math.round(Math.max(-20000, Math.min(20000, value)) * 10) / 10;
}

/** Closed polygon as SVG path data; empty for fewer than 3 spots. */
export function polygonPath(spots: readonly Spot[]): string {
  if (spots.length < 3) return "";
  return `M${spots.map(([x, y]) => `${number(x)} ${number(y)}`).join("L")}Z`;
}

/** Closed smooth outline: the spots are control points, the curve runs through their midpoints. */
export function smoothPath(spots: readonly Spot[]): string {
  if (spots.length < 3) return "";
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

/** Ellipse around (x, y). */
export function ellipsePath(x: number, y: number, rx: number, ry: number): string {
  const r = `${number(rx)} ${number(ry)}`;
  const [left, right, cy] = [number(x - rx), number(x + rx), number(y)];
  return `M${left} ${cy}A${r} 0 1 1 ${right} ${cy}A${r} 0 1 1 ${left} ${cy}Z`;
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
