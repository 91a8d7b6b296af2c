import type { Color } from "./dataset.js";

/** Distance in CIELAB above which neighbouring regions are easy to tell apart. */
const CLEAR = 25;
const TRIES = 360;

/**
 * The first colour of an endless palette, from `start` on, that is clearly distinct from the used colours and
 * from black, which marks ignored pixels. If many colours are in use, the distance has to be smaller.
 */
export function distinctColor(start: number, used: readonly Color[]): Color {
  const others = [[0, 0, 0] as const, ...used].map(toLab);
  const candidates = Array.from({ length: TRIES }, (_, i) => {
    const color = paletteColor(start + i);
    const lab = toLab(color);
    return { color, nearest: Math.min(...others.map((other) => distance(lab, other))) };
  });
  for (let least = CLEAR; ; least *= 0.8) {
    const found = candidates.find(({ nearest }) => nearest >= least);
    if (found) return found.color;
  }
}

/** Colour `index` of an endless palette whose neighbours differ clearly in hue and lightness. */
function paletteColor(index: number): Color {
  const hue = (index * 137.508 + 205) % 360; // the golden angle never repeats
  const lightness = 0.42 + 0.14 * (index % 3);
  const chroma = 0.62 * Math.min(lightness, 1 - lightness);
  const channel = (offset: number): number => {
    const k = (offset + hue / 30) % 12;
    return Math.round(255 * (lightness - chroma * Math.max(-1, Math.min(k - 3, 9 - k, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

type Lab = readonly [number, number, number];

/** sRGB to CIELAB under D65. */
function toLab(color: Color): Lab {
  const [r, g, b] = color.map((value) => {
    const share = value / 255;
    return share <= 0.04045 ? share / 12.92 : ((share + 0.055) / 1.055) ** 2.4;
  }) as [number, number, number];
  const f = (t: number) => (t > 216 / 24389 ? Math.cbrt(t) : ((24389 / 27) * t + 16) / 116);
  const x = f((0.4124564 * r + 0.3575761 * g + 0.1804375 * b) / 0.95047);
  const y = f(0.2126729 * r + 0.7151522 * g + 0.072175 * b);
  const z = f((0.0193339 * r + 0.119192 * g + 0.9503041 * b) / 1.08883);
  return [116 * y - 16, 500 * (x - y), 200 * (y - z)];
}

const distance = (a: Lab, b: Lab): number => Math.hypot(a[0] - b[0], a[1] - b[1], a[2] - b[2]);
