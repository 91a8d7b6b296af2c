import type { Color } from "../dataset.js";
import type { Billboard } from "./billboard.js";
import { billboard } from "./billboard.js";
import { dropShadow } from "./box.js";
import type { Point, Spot } from "./camera.js";
import { scale } from "./color.js";
import type { Mark, Sketch } from "./drawing.js";
import { ID } from "./ids.js";

function footShadow(sketch: Sketch, [x, y, z]: Point, height: number, half = 0.22): void {
  const footprint: Point[] = [
    [x - half, y, z - 0.16],
    [x + half, y, z - 0.16],
    [x + half, y, z + 0.16],
    [x - half, y, z + 0.16],
  ];
  dropShadow(sketch, footprint, height, 0.4);
}

function drawHead(
  sketch: Sketch,
  board: Billboard,
  [x, y]: Spot,
  size: number,
  label: number,
): void {
  const { random, look } = sketch;
  const skin = random.pick(look.palette.skin);
  const hair = random.pick(look.palette.hair);
  const light = look.ambient + look.direct * 0.4;
  board.limb([x, y - size * 1.5], [x, y - size * 0.6], size * 0.85, size * 0.85, skin, {
    label,
    light: light * 0.85,
  });
  board.ellipse(x, y, size * 0.82, size, skin, { label, light });
  const back = random.chance(0.5);
  board.ellipse(x, y + size * (back ? 0.16 : 0.42), size * 0.8, size * (back ? 0.8 : 0.54), hair, {
    light,
  });
}

/** A person about 1.7 m tall, standing or walking; children are smaller. */
export function drawPerson(sketch: Sketch, out: Mark[], foot: Point): void {
  const { random, look } = sketch;
  const tall = random.chance(0.12) ? random.range(1.05, 1.4) : random.range(1.56, 1.9);
  const k = tall / 1.75;
  const board = billboard(sketch, out, foot);
  const light = look.ambient + look.direct * 0.4;
  const fill = { label: ID.person, light };
  const coat = random.pick(look.palette.clothes);
  const legs = random.pick(look.palette.trousers);
  const shoe: Color = [34, 30, 30];
  const stride = random.chance(0.25) ? 0.05 : random.range(0.12, 0.3);
  const broad = random.range(0.9, 1.12);
  const p = (x: number, y: number): Spot => [x * k, y * k];
  footShadow(sketch, foot, tall);
  // Small figures are a few joined shapes: folds and hands would be too small.
  const near = board.scale > 45;

  for (const side of [-1, 1]) {
    const shade = side < 0 && near ? 0.82 : 1;
    const hip = p(side * 0.08, 0.9);
    const knee = p(side * (0.06 + stride * 0.55), 0.48);
    const ankle = p(side * (0.05 + stride * (side < 0 ? 1.1 : 0.8)), side < 0 ? 0.12 : 0.08);
    board.limb(hip, knee, 0.19 * k * broad, 0.14 * k, legs, { ...fill, light: light * shade });
    board.limb(knee, ankle, 0.14 * k, 0.09 * k, legs, { ...fill, light: light * shade });
    if (near)
      board.limb(ankle, [ankle[0] + 0.1 * k, ankle[1] - 0.04 * k], 0.09 * k, 0.08 * k, shoe, fill);
  }
  const swing = stride * 0.7;
  const arm = (side: number, shade: number) => {
    const elbow = p(side * 0.27 * broad, 1.14);
    const hand = p(side * (0.25 + swing * 0.5), 0.88 + (side > 0 ? swing * 0.4 : 0));
    board.limb(p(side * 0.2 * broad, 1.4), elbow, 0.12 * k, 0.1 * k, coat, {
      ...fill,
      light: light * shade,
    });
    board.limb(elbow, hand, 0.1 * k, 0.075 * k, coat, { ...fill, light: light * shade });
    if (near)
      board.ellipse(hand[0], hand[1], 0.05 * k, 0.06 * k, random.pick(look.palette.skin), fill);
  };
  arm(-1, near ? 0.75 : 1);
  const hem = random.chance(0.3) ? 0.62 : 0.84;
  const flare = hem < 0.7 ? 0.26 : 0.19;
  board.smooth(
    [
      p(-0.12, 1.52),
      p(0.12, 1.52),
      p(0.26 * broad, 1.46),
      p(0.22 * broad, 1.1),
      p(flare * broad, hem),
      p(0, hem - 0.03),
      p(-flare * broad, hem),
      p(-0.22 * broad, 1.1),
      p(-0.26 * broad, 1.46),
    ],
    coat,
    fill,
  );
  if (near)
    board.smooth([p(0.02, 1.4), p(0.16 * broad, 1.38), p(0.15 * broad, 1), p(0.05, 0.95)], coat, {
      light: light * 1.14,
      opacity: 0.35,
    });
  if (random.chance(0.3))
    board.smooth(
      [p(-0.16, 1.46), p(0.16, 1.46), p(0.18, 1.02), p(-0.18, 1.02)],
      random.pick(look.palette.clothes),
      { light: light * 0.8 },
    );
  arm(1, 1);
  if (random.chance(0.2)) {
    board.polygon(
      [p(0.24, 0.56), p(0.46, 0.56), p(0.43, 0.84), p(0.27, 0.84)],
      random.pick(look.palette.clothes),
      fill,
    );
  }
  drawHead(sketch, board, p(0, 1.64), 0.115 * k, ID.person);
}

/** Frame and wheels. `turn` is 1 from the side and near 0 from behind. */
function drawFrame(sketch: Sketch, board: Billboard, turn: number, paint: Color): void {
  const light = sketch.look.ambient + sketch.look.direct * 0.3;
  const fill = { label: ID.bicycle, light };
  const c = Math.max(0.12, Math.abs(turn));
  const s = (x: number, y: number): Spot => [x * turn, y];
  const tyre: Color = [36, 36, 40];
  for (const x of [-0.52, 0.52]) {
    board.ellipse(x * turn, 0.34, 0.34 * c, 0.34, [120, 120, 124], { ...fill, opacity: 0.28 });
    board.ring(x * turn, 0.34, 0.34 * c, 0.34, 0.05, tyre, { light });
    board.limb([x * turn, 0.02], [x * turn, 0.66], 0.03, 0.03, tyre, { light, opacity: 0.45 });
  }
  const bars: [Spot, Spot][] = [
    [s(-0.52, 0.34), s(-0.14, 0.86)],
    [s(-0.52, 0.34), s(-0.06, 0.3)],
    [s(-0.06, 0.3), s(-0.2, 0.92)],
    [s(-0.06, 0.3), s(0.36, 0.78)],
    [s(-0.16, 0.84), s(0.36, 0.84)],
    [s(0.52, 0.34), s(0.34, 0.98)],
  ];
  for (const [a, b] of bars) board.limb(a, b, 0.05, 0.045, paint, fill);
  board.limb(s(-0.32, 0.95), s(-0.1, 0.95), 0.08, 0.06, tyre, fill);
  // Handlebars are widest from behind.
  const across = 0.26 * (1 - c) + 0.08;
  board.limb([0.34 * turn - across, 1], [0.34 * turn + across, 1.02], 0.045, 0.045, tyre, fill);
}

/** A bicycle leaning at the kerb. */
export function drawBicycle(sketch: Sketch, out: Mark[], foot: Point): void {
  const { random, look } = sketch;
  const turn = random.range(0.55, 1) * (random.chance(0.5) ? 1 : -1);
  footShadow(sketch, foot, 0.5, 0.7);
  drawFrame(sketch, billboard(sketch, out, foot), turn, random.pick(look.palette.car));
}

/** A cyclist: bicycle and rider, from the side (|turn| = 1) or from behind (near 0). */
export function drawRider(sketch: Sketch, out: Mark[], foot: Point, turn: number): void {
  const { random, look } = sketch;
  const board = billboard(sketch, out, foot);
  const light = look.ambient + look.direct * 0.4;
  const fill = { label: ID.rider, light };
  const coat = random.pick(look.palette.clothes);
  const legs = random.pick(look.palette.trousers);
  const side = Math.abs(turn);
  const s = (x: number, y: number, off = 0): Spot => [x * turn + off * (1 - side), y];
  const width = 0.3 * side + 0.42 * (1 - side);
  footShadow(sketch, foot, 1.5, 0.2 + 0.5 * side);
  const leg = (
    off: number,
    kneeX: number,
    kneeY: number,
    footX: number,
    footY: number,
    shade: number,
  ) => {
    const f = { ...fill, light: light * shade };
    board.limb(s(-0.2, 0.98, off), s(kneeX, kneeY, off * 1.3), 0.17, 0.13, legs, f);
    board.limb(s(kneeX, kneeY, off * 1.3), s(footX, footY, off), 0.13, 0.09, legs, f);
    board.limb(
      s(footX, footY, off),
      s(footX + 0.12, footY - 0.03, off),
      0.08,
      0.07,
      [36, 32, 32],
      f,
    );
  };
  leg(-0.12, 0.12, 0.68, -0.08, 0.34, 0.8);
  drawFrame(sketch, board, turn, random.pick(look.palette.car));
  leg(0.12, 0.18, 0.78, 0.02, 0.44, 1);
  board.limb(s(-0.2, 1.04), s(0.08, 1.42), width * 0.95, width, coat, fill);
  board.limb(s(-0.1, 1.1), s(0.1, 1.38), width * 0.4, width * 0.4, coat, {
    light: light * 1.12,
    opacity: 0.5,
  });
  for (const off of [-0.2, 0.2]) {
    const f = { ...fill, light: light * (off < 0 ? 0.85 : 1) };
    board.limb(s(0.1, 1.42, off), s(0.26, 1.18, off * 1.35), 0.11, 0.09, coat, f);
    board.limb(s(0.26, 1.18, off * 1.35), s(0.36, 1.04, off * 1.2), 0.09, 0.07, coat, f);
  }
  drawHead(sketch, board, s(0.17, 1.68), 0.115, ID.rider);
  if (random.chance(0.6)) {
    const [x, y] = s(0.16, 1.76);
    board.ellipse(x, y, 0.12, 0.08, scale(random.pick(look.palette.car), 0.95), { ...fill });
  }
}
