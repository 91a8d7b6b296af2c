import type { Color } from "../dataset.js";
import type { Box, Place } from "./box.js";
import { drawBox, dropShadow, place, uprightBox } from "./box.js";
import type { Point } from "./camera.js";
import { mix, scale } from "./color.js";
import type { Mark, Quad, Sketch } from "./drawing.js";
import { at, extent, faceLight, fillPolygons, inSight, patch } from "./drawing.js";
import { ID } from "./ids.js";
import { KERB } from "./layout.js";

/** A lot's outline: from `front` (distance from the centre line) outwards, between two depths. */
export interface Lot {
  readonly sign: -1 | 1;
  readonly front: number;
  readonly back: number;
  readonly near: number;
  readonly far: number;
}

/** The look of a house's faces. */
interface Design {
  readonly color: Color;
  readonly trim: Color;
  readonly glass: Color;
  readonly storey: number;
  readonly bay: number;
  readonly style: "punched" | "bands" | "grid";
  readonly window: readonly [width: number, height: number];
  readonly ground: "shop" | "same" | "plinth";
  readonly awning: Color | undefined;
  readonly balconies: boolean;
}

function design(sketch: Sketch, height: number): Design {
  const { random, look } = sketch;
  const { palette } = look;
  const tall = height > 13;
  return {
    color: scale(random.pick(palette.facade), random.range(0.92, 1.06)),
    trim: random.pick(palette.trim),
    glass: random.pick(palette.glass),
    storey: random.range(2.9, 3.6),
    bay: random.range(2, 3.6),
    style: random.chance(tall ? 0.5 : 0.15) ? random.pick(["bands", "grid"] as const) : "punched",
    window: [random.range(0.38, 0.6), random.range(0.45, 0.62)],
    ground: random.pick(["shop", "shop", "same", "plinth"] as const),
    awning: random.chance(0.35) ? random.pick(palette.clothes) : undefined,
    balconies: random.chance(0.2),
  };
}

/** A house on its lot, with windows in perspective. */
export function drawBuilding(sketch: Sketch, out: Mark[], lot: Lot, height: number): void {
  const { random } = sketch;
  const style = design(sketch, height);
  const where: Place = { x: 0, y: KERB, z: lot.near, heading: 0 };
  const span = [lot.sign * lot.front, lot.sign * lot.back].sort((a, b) => a - b);
  const across = span as [number, number];
  const length = lot.far - lot.near;
  const box = uprightBox(where, [0, length], across, [0, height]);
  if (random.chance(height < 11 ? 0.6 : 0.12)) drawRoof(sketch, out, lot, where, height, across);
  dropShadow(
    sketch,
    [box.rear[0], box.rear[1], box.front[0], box.front[1]],
    Math.min(height, 9),
    0.2,
  );
  const near = lot.sign > 0 ? "left" : "right";
  drawBox(sketch, out, box, style.color, { label: ID.building }, (name, quad, light) => {
    if (name === "top" || name === "front") return;
    const width = name === near ? length : across[1] - across[0];
    drawFacade(sketch, out, quad, width, height, style, light, name === near);
  });
}

/** Gable roof with its ridge along the street. */
function drawRoof(
  sketch: Sketch,
  out: Mark[],
  lot: Lot,
  where: Place,
  height: number,
  [left, right]: readonly [number, number],
): void {
  const length = lot.far - lot.near;
  const ridge = (left + right) / 2;
  const rise = sketch.random.range(2, 4);
  const eave = lot.sign > 0 ? left : right;
  const corner = (l: number, w: number, h: number): Point => place(where, l, w, h);
  const slope: Quad =
    lot.sign > 0
      ? [
          corner(length, eave - 0.3, height - 0.1),
          corner(-0.2, eave - 0.3, height - 0.1),
          corner(-0.2, ridge, height + rise),
          corner(length, ridge, height + rise),
        ]
      : [
          corner(-0.2, eave + 0.3, height - 0.1),
          corner(length, eave + 0.3, height - 0.1),
          corner(length, ridge, height + rise),
          corner(-0.2, ridge, height + rise),
        ];
  const color = sketch.random.pick(sketch.look.palette.roof);
  const gable = [
    corner(0, left, height),
    corner(0, right, height),
    corner(0, ridge, height + rise),
  ];
  const label = { label: ID.building };
  if (inSight(sketch, slope)) {
    fillPolygons(sketch, out, [slope], color, { ...label, light: faceLight(sketch, slope) });
  }
  const front: Quad = [gable[0], gable[1], gable[2], gable[2]] as unknown as Quad;
  fillPolygons(sketch, out, [gable], scale(color, 0.85), {
    ...label,
    light: faceLight(sketch, [front[0], front[1], front[2], [left, height + 9, lot.near]]),
  });
}

function drawFacade(
  sketch: Sketch,
  out: Mark[],
  quad: Quad,
  width: number,
  height: number,
  style: Design,
  light: number,
  street: boolean,
): void {
  const { random, look } = sketch;
  const paint = (list: readonly Quad[], color: Color, opacity = 1, factor = 1) =>
    fillPolygons(sketch, out, list, color, { opacity, light: light * factor });
  const storeys = Math.max(1, Math.round(height / style.storey));
  const bays = Math.max(1, Math.round(width / style.bay));
  const [du, dv] = [1 / bays, 1 / storeys];
  const first = style.ground === "shop" && street ? 1 : 0;

  // Cornice and foot: the bright and the dark edge of a facade.
  paint([patch(quad, 0, 1 - 0.35 / height, 1, 1)], style.trim, 0.9);
  paint([patch(quad, 0, 0, 1, 0.5 / height)], mix(style.color, [30, 30, 34], 0.45), 0.8);
  if (first) drawShop(sketch, out, quad, bays, dv, style, light);
  else if (style.ground === "plinth") {
    paint([patch(quad, 0, 0, 1, dv * 0.9)], scale(style.color, 0.8), 0.8);
  }

  const panes: Quad[] = [];
  const frames: Quad[] = [];
  const glints: Quad[] = [];
  const lit: Quad[] = [];
  const slabs: Quad[] = [];
  if (style.style === "bands") {
    for (let k = first; k < storeys; k++) {
      const v = k * dv;
      panes.push(patch(quad, 0.02, v + dv * 0.35, 0.98, v + dv * 0.85));
      if (random.chance(0.6)) glints.push(patch(quad, 0.02, v + dv * 0.6, 0.98, v + dv * 0.85));
    }
  }
  const grid = style.style === "grid";
  const [w, h] = grid ? [0.86, 0.86] : style.window;
  for (let i = 0; i < bays && style.style !== "bands"; i++) {
    const u = i * du;
    const [wide, tall] = extent(sketch, patch(quad, u, 0, u + du, dv));
    if (wide < 6 || tall < 6) continue;
    const close = wide > 14;
    for (let k = first; k < storeys; k++) {
      const v = k * dv + dv * (grid ? 0.07 : 0.3);
      const [u0, u1] = [u + (du * (1 - w)) / 2, u + (du * (1 + w)) / 2];
      const pane = patch(quad, u0, v, u1, v + dv * h);
      if (!grid && close)
        frames.push(
          patch(quad, u0 - du * 0.05, v - dv * 0.06, u1 + du * 0.05, v + dv * (h + 0.04)),
        );
      if (random.chance(look.evening)) lit.push(pane);
      else panes.push(pane);
      if (close && random.chance(0.7))
        glints.push(patch(quad, u0, v + dv * h * random.range(0.3, 0.7), u1, v + dv * h));
      if (style.balconies && street && k > 0 && i % 2 === 1) {
        slabs.push(patch(quad, u0 - du * 0.12, v - dv * 0.14, u1 + du * 0.12, v + dv * 0.16));
      }
    }
  }
  if (frames.length > 0) paint(frames, style.trim, 0.85);
  if (panes.length > 0) paint(panes, style.glass);
  if (lit.length > 0) fillPolygons(sketch, out, lit, [244, 206, 132], { light: 0.95 });
  if (glints.length > 0) paint(glints, look.sky.bottom, look.domain === "source" ? 0.4 : 0.22);
  if (slabs.length > 0) paint(slabs, style.trim, 1, 0.8);
  if (look.domain === "target") drawStains(sketch, out, quad, light);
}

function drawShop(
  sketch: Sketch,
  out: Mark[],
  quad: Quad,
  bays: number,
  dv: number,
  style: Design,
  light: number,
): void {
  const { random, look } = sketch;
  const paint = (list: readonly Quad[], color: Color, opacity = 1) =>
    fillPolygons(sketch, out, list, color, { opacity, light });
  const glass: Quad[] = [];
  const doors: Quad[] = [];
  const du = 1 / bays;
  for (let i = 0; i < bays; i++) {
    const u = i * du;
    if (i % 3 === 1) doors.push(patch(quad, u + du * 0.25, 0, u + du * 0.75, dv * 0.72));
    else glass.push(patch(quad, u + du * 0.08, dv * 0.14, u + du * 0.92, dv * 0.74));
  }
  if (glass.length > 0) paint(glass, scale(style.glass, 0.85));
  if (doors.length > 0) paint(doors, mix(style.trim, [60, 40, 30], 0.6));
  const board = random.pick(look.palette.clothes);
  const first = random.int(0, Math.max(0, bays - 2));
  paint([patch(quad, first * du, dv * 0.78, Math.min(1, (first + 2) * du), dv * 0.95)], board);
  if (style.awning && quad[0][2] > 6 && quad[1][2] > 6) {
    const out3 = (p: Point, reach: number): Point => [p[0] - Math.sign(p[0]) * reach, p[1], p[2]];
    const [a, b] = [at(quad, 0.05, dv * 0.8), at(quad, Math.min(1, 0.05 + 2 * du), dv * 0.8)];
    const drop = (p: Point): Point => [p[0], p[1] - 0.7, p[2]];
    const awning = [a, b, drop(out3(b, 0.8)), drop(out3(a, 0.8))];
    fillPolygons(sketch, out, [awning], style.awning, { light, label: ID.building });
  }
}

/** Rain streaks and soot. */
function drawStains(sketch: Sketch, out: Mark[], quad: Quad, light: number): void {
  const { random } = sketch;
  const streaks: Quad[] = [];
  for (let i = random.int(2, 7); i > 0; i--) {
    const u = random.range(0, 0.95);
    const v = random.range(0.4, 1);
    streaks.push(patch(quad, u, v - random.range(0.1, 0.4), u + random.range(0.01, 0.04), v));
  }
  fillPolygons(sketch, out, streaks, [52, 48, 44], { opacity: 0.16, light });
  fillPolygons(sketch, out, [patch(quad, 0, 0, 1, 0.12)], [44, 42, 40], { opacity: 0.2, light });
}

/** The faces of a box at the end of a street that are visible from the street. */
export function crossBuilding(
  sketch: Sketch,
  out: Mark[],
  x0: number,
  x1: number,
  z: number,
  height: number,
): void {
  const style = design(sketch, height);
  const where: Place = { x: 0, y: KERB, z, heading: 0 };
  const box: Box = uprightBox(where, [0, 12], [x0, x1], [0, height]);
  drawBox(sketch, out, box, style.color, { label: ID.building }, (name, quad, light) => {
    if (name !== "top")
      drawFacade(sketch, out, quad, name === "rear" ? x1 - x0 : 12, height, style, light, false);
  });
}
