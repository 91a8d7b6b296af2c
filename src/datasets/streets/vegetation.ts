import type { Color } from "../dataset.js";
import type { Billboard } from "./billboard.js";
import { billboard } from "./billboard.js";
import { dropShadow } from "./box.js";
import type { Point, Spot } from "./camera.js";
import { mix } from "./color.js";
import { ID } from "./ids.js";
import type { Mark, Stage } from "./stage.js";

type Oval = readonly [x: number, y: number, rx: number, ry: number];

const LABEL = { label: ID.vegetation };

/** The colour of one plant's leaves. */
export function leafColor(stage: Stage): Color {
  const { random, look } = stage;
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

/** Overlapping tufts inside `crown`, dark below, light on the side of the sun. */
function foliage(stage: Stage, board: Billboard, crown: readonly Oval[], leaf: Color): void {
  const { random, look } = stage;
  const light = look.ambient + look.direct * 0.5;
  board.ellipses(crown, leaf, { ...LABEL, light: light * 0.78 });
  // Anything smaller than a canvas unit or two would not be seen.
  const detail = Math.max(...crown.map((oval) => oval[2])) * board.scale;
  if (detail < 5) return;
  const side = Math.sign(look.sun[0] || 1) * 0.22;
  const tufts = (count: number, size: number, lift: number): Oval[] => {
    const list: Oval[] = [];
    for (const [x, y, rx, ry] of crown) {
      for (let i = 0; i < count; i++) {
        const turn = random.range(0, 2 * Math.PI);
        const reach = Math.sqrt(random.next()) * (0.92 - size);
        const px = x + rx * Math.cos(turn) * reach * 0.85 + rx * side * lift * 0.5;
        const py = y + ry * Math.sin(turn) * reach * 0.85 + ry * 0.14 * lift;
        const s = size * random.range(0.6, 1);
        list.push([px, py, rx * s, ry * s * 0.8]);
      }
    }
    return list.filter((oval) => crown.some((big) => contains(big, oval)));
  };
  board.ellipses(tufts(2, 0.42, -1), leaf, { light: light * 0.6, opacity: 0.7 });
  board.ellipses(tufts(3, 0.4, 0.6), leaf, { light, opacity: 0.9 });
  board.ellipses(tufts(3, 0.26, 1), leaf, { light: light * 1.18, opacity: 0.8 });
  if (detail > 30) board.ellipses(tufts(9, 0.1, 0.4), leaf, { light: light * 1.32, opacity: 0.7 });
  if (detail > 30) board.ellipses(tufts(9, 0.1, -0.3), leaf, { light: light * 0.5, opacity: 0.7 });
}

function contains(big: Oval, small: Oval): boolean {
  const dx = (small[0] - big[0]) / big[2];
  const dy = (small[1] - big[1]) / big[3];
  return Math.hypot(dx, dy) + Math.max(small[2] / big[2], small[3] / big[3]) < 1.02;
}

/** A tree: trunk, limbs and a crown of tufts; the trunk counts as vegetation too. */
export function drawTree(stage: Stage, out: Mark[], foot: Point, height: number): void {
  const { random, look } = stage;
  const board = billboard(stage, out, foot);
  const kind = random.pick(["round", "round", "round", "tall", "fir"] as const);
  const clear = height * (kind === "fir" ? 0.12 : random.range(0.26, 0.38));
  const girth = height * random.range(0.026, 0.045);
  const trunk = random.pick(look.palette.trunk);
  const leaf = leafColor(stage);
  const light = look.ambient + look.direct * 0.3;
  const lean = random.range(-0.03, 0.03) * height;
  shadowUnder(stage, foot, height * 0.22, height);
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
  for (let i = kind === "tall" ? 6 : 9; i > 0; i--) {
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
  foliage(stage, board, crown, leaf);
}

/** A bush or, with a large width, a piece of untrimmed hedge. */
export function drawBush(
  stage: Stage,
  out: Mark[],
  foot: Point,
  width: number,
  height: number,
): void {
  const { random } = stage;
  const board = billboard(stage, out, foot);
  shadowUnder(stage, foot, width * 0.45, height);
  const crown: Oval[] = [];
  const count = Math.max(3, Math.round((width / height) * 3));
  for (let i = 0; i < count; i++) {
    const x = width * ((i + 0.5) / count - 0.5);
    const r = height * random.range(0.32, 0.5);
    crown.push([x, r * 0.85, Math.max(r, width / count), r]);
    crown.push([x * 0.8, height - r * 0.9, r * 0.9, r * 0.85]);
  }
  foliage(stage, board, crown, leafColor(stage));
}

function shadowUnder(stage: Stage, [x, y, z]: Point, radius: number, height: number): void {
  const ring = Array.from({ length: 10 }, (_, k): Point => {
    const turn = (k / 10) * 2 * Math.PI;
    return [x + radius * Math.cos(turn), y, Math.max(1.3, z + radius * Math.sin(turn))];
  });
  dropShadow(stage, ring, height * 0.6, 0.16);
}
