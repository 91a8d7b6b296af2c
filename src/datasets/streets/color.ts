import type { Color } from "../dataset.js";

/** Blends a and b: t = 0 gives a, t = 1 gives b. */
export function mix(a: Color, b: Color, t: number): Color {
  return [a[0] + (b[0] - a[0]) * t, a[1] + (b[1] - a[1]) * t, a[2] + (b[2] - a[2]) * t];
}

/** Multiplies the brightness by `factor`; values outside 0..255 are clipped when written. */
export function scale(a: Color, factor: number): Color {
  return [a[0] * factor, a[1] * factor, a[2] * factor];
}

/** Channel by channel product with gains around 1. */
export function tint(a: Color, gains: Color): Color {
  return [a[0] * gains[0], a[1] * gains[1], a[2] * gains[2]];
}

/** In SVG's notation, clipped to 0..255. */
export function css(a: Color): string {
  return `rgb(${byte(a[0])},${byte(a[1])},${byte(a[2])})`;
}

function byte(value: number): number {
  return value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value);
}
