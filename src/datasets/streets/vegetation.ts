import type { Color } from "../dataset.js";
import type { Billboard } from "./billboard.js";
import { billboard } from "./billboard.js";
import { dropShadow } from "./box.js";
import type { Point, Spot } from "./camera.js";
import { mix } from "./color.js";
import type { Mark, Sketch } from "./drawing.js";
import { ID } from "./ids.js";

type Oval = readonly [x: number, y: number, rx: number, ry: number];

const LABEL = { label: ID.vegetation };

/** The leaf colour of a plant. */
export function leafColor(sketch: Sketch): Color {
  const { random, look } = sketch;
  const green = random.pick(look.palette.leaves);
  if (!random.chance(look.autumn)) return green;
  return mix(
    green,
    random.pick<Color>([
      [150, 108, 48],
      [134, 78, 44],
      [158, 132, 62],
    ]),
    0.75,
  );
}

/** Overlapping tufts inside `crown`, dark below and light on the sunny side. */
function foliage(sketch: Sketch, board: Billboard, crown: readonly Oval[], leaf: Color): void {
  const { look } = sketch;
  const light = look.ambient + look.direct * 0.5;
  // In canvas units: four are a pixel at 320 pixels of width.
  const detail = Math.max(...crown.map((oval) => oval[2])) * board.scale;
  board.polygon(outline(sketch, crown, detail), leaf, { ...LABEL, light: light * 0.8 });
  const share = Math.min(1, detail / 70) ** 1.2;
  const layer = (count: number, size: number, lift: number, factor: number, opacity: number) => {
    const tufts = scatter(sketch, crown, Math.ceil(count * share), size, lift);
    board.polygons(tufts, leaf, { light: light * factor, opacity });
  };
  if (detail > 8) layer(12, 0.42, -0.8, 0.62, 0.7);
  layer(22, 0.38, 0.6, 1, 1);
  if (detail > 14) layer(24, 0.24, 1, 1.2, 1);
  if (detail > 36) layer(34, 0.09, 0.3, 1.35, 0.7);
  if (detail > 36) layer(34, 0.09, -0.3, 0.5, 0.7);
}

/**
 * The outline of the ovals as seen from their centre, with a ragged edge: one polygon is several times
 * faster to draw than the ovals.
 */
function outline(sketch: Sketch, crown: readonly Oval[], detail: number): Spot[] {
  const count = Math.round(Math.min(64, Math.max(12, detail)));
  const cx = crown.reduce((sum, oval) => sum + oval[0], 0) / crown.length;
  const cy = crown.reduce((sum, oval) => sum + oval[1], 0) / crown.length;
  return Array.from({ length: count }, (_, k): Spot => {
    const angle = (k / count) * 2 * Math.PI;
    const [dx, dy] = [Math.cos(angle), Math.sin(angle)];
    const reach = Math.max(0, ...crown.map((oval) => exit(oval, cx, cy, dx, dy)));
    const ragged = reach * (1 + 0.06 * sketch.random.next());
    return [cx + dx * ragged, cy + dy * ragged];
  });
}

/** Distance at which the ray from (cx, cy) leaves the oval; 0 if it misses. */
function exit([x, y, rx, ry]: Oval, cx: number, cy: number, dx: number, dy: number): number {
  const [px, py, qx, qy] = [(cx - x) / rx, (cy - y) / ry, dx / rx, dy / ry];
  const [a, b, c] = [qx * qx + qy * qy, px * qx + py * qy, px * px + py * py - 1];
  const root = b * b - a * c;
  return root < 0 ? 0 : (Math.sqrt(root) - b) / a;
}

/** `count` ragged tufts of relative `size` within the ovals; a positive `lift` moves them up. */
function scatter(
  sketch: Sketch,
  crown: readonly Oval[],
  count: number,
  size: number,
  lift: number,
): Spot[][] {
  const { random, look } = sketch;
  const side = Math.sign(look.sun[0] || 1) * 0.12 * lift;
  const tufts: Spot[][] = [];
  for (let i = 0; i < count; i++) {
    const [x, y, rx, ry] = random.pick(crown);
    const turn = random.range(0, 2 * Math.PI);
    // Keep the whole tuft in the oval: paint must not extend beyond its object.
    const reach = Math.sqrt(random.next()) * (0.96 - size);
    const px = Math.cos(turn) * reach + side * (1 - reach - size);
    const py = Math.sin(turn) * reach + 0.9 * lift * (1 - reach - size);
    const s = size * random.range(0.6, 1);
    const start = random.range(0, 1);
    const tuft = Array.from({ length: 6 }, (_, k): Spot => {
      const angle = start + (k / 6) * 2 * Math.PI;
      const r = s * (k % 2 === 0 ? 1 : 0.72);
      return [x + rx * (px + r * Math.cos(angle)), y + ry * (py + r * Math.sin(angle))];
    });
    tufts.push(tuft);
  }
  return tufts;
}

/** A tree: trunk, limbs and a crown of tufts. The trunk is vegetation, too. */
export function drawTree(sketch: Sketch, out: Mark[], foot: Point, height: number): void {
  const { random, look } = sketch;
  const board = billboard(sketch, out, foot);
  const kind = random.pick(["round", "round", "round", "tall", "fir"] as const);
  const clear = height * (kind === "fir" ? 0.12 : random.range(0.26, 0.38));
  const girth = height * random.range(0.026, 0.045);
  const trunk = random.pick(look.palette.trunk);
  const leaf = leafColor(sketch);
  const light = look.ambient + look.direct * 0.3;
  const lean = random.range(-0.03, 0.03) * height;
  shadowUnder(sketch, foot, height * 0.22, height);
  const barkFill = { ...LABEL, light: light * 0.85 };
  board.limb(
    [0, girth * 0.4],
    [lean, clear + height * 0.2],
    girth * 1.3,
    girth * 0.6,
    trunk,
    barkFill,
  );
  if (kind !== "fir") {
    for (const turn of [-1, 1]) {
      const tip: Spot = [lean + turn * height * 0.14, clear + height * random.range(0.16, 0.26)];
      board.limb([lean * 0.6, clear * 0.9], tip, girth * 0.6, girth * 0.3, trunk, barkFill);
    }
  }
  const crown: Oval[] = [];
  if (kind === "fir") {
    for (let k = 0; k < 4; k++) {
      const y = clear + ((height - clear) * k) / 4;
      const r = height * 0.2 * (1 - k / 4.8);
      const top = y + (height - clear) * 0.4;
      const skirt: Spot[] = [
        [-r, y],
        [-r * 0.5, y + 0.05 * height * 0.3],
        [0, y - r * 0.15],
        [r * 0.5, y + 0.02 * height],
        [r, y],
        [0, Math.min(height, top)],
      ];
      board.polygon(skirt, leaf, { ...LABEL, light: light * (0.78 + 0.08 * k) });
      const half: Spot[] = [
        [0, y - r * 0.1],
        [r * 0.8 * Math.sign(look.sun[0] || 1), y],
        [0, Math.min(height, top)],
      ];
      board.polygon(half, leaf, { light: light * 1.08, opacity: 0.5 });
    }
    return;
  }
  const spread = height * (kind === "tall" ? 0.17 : random.range(0.26, 0.36));
  const middle = (clear + height) / 2;
  const rise = (height - clear) / 2;
  for (let i = board.scale * spread < 14 ? 5 : 9; i > 0; i--) {
    const turn = random.range(0, 2 * Math.PI);
    const reach = 0.35 + 0.25 * random.next();
    const r = spread * random.range(0.42, 0.62);
    crown.push([
      lean + spread * Math.cos(turn) * reach * 1.1,
      middle + rise * Math.sin(turn) * reach * 1.15,
      r,
      r * (kind === "tall" ? 1.3 : 0.9),
    ]);
  }
  crown.push([lean, middle, spread * 0.72, rise * 0.74]);
  foliage(sketch, board, crown, leaf);
}

/** A bush or, if it is wide, a piece of untrimmed hedge. */
export function drawBush(
  sketch: Sketch,
  out: Mark[],
  foot: Point,
  width: number,
  height: number,
): void {
  const { random } = sketch;
  const board = billboard(sketch, out, foot);
  shadowUnder(sketch, foot, width * 0.45, height);
  const crown: Oval[] = [];
  const count = Math.max(3, Math.round((width / height) * 3));
  for (let i = 0; i < count; i++) {
    const x = width * ((i + 0.5) / count - 0.5);
    const r = height * random.range(0.32, 0.5);
    crown.push([x, r * 0.85, Math.max(r, width / count), r]);
    crown.push([x * 0.8, height - r * 0.9, r * 0.9, r * 0.85]);
  }
  foliage(sketch, board, crown, leafColor(sketch));
}

function shadowUnder(sketch: Sketch, [x, y, z]: Point, radius: number, height: number): void {
  const ring = Array.from({ length: 10 }, (_, k): Point => {
    const turn = (k / 10) * 2 * Math.PI;
    return [x + radius * Math.cos(turn), y, Math.max(1.3, z + radius * Math.sin(turn))];
  });
  dropShadow(sketch, ring, height * 0.6, 0.2);
}
