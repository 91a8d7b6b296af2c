import type { Color } from "../dataset.js";
import { billboard } from "./billboard.js";
import { drawBox, dropShadow, uprightBox } from "./box.js";
import type { Point, Spot } from "./camera.js";
import { mix, scale } from "./color.js";
import type { Mark, Quad, Sketch } from "./drawing.js";
import { extent, faceLight, fillPolygons, patch } from "./drawing.js";
import { ID } from "./ids.js";
import { KERB } from "./layout.js";

function postShadow(sketch: Sketch, [x, y, z]: Point, height: number): void {
  const r = 0.1;
  dropShadow(
    sketch,
    [
      [x - r, y, z - r],
      [x + r, y, z - r],
      [x + r, y, z + r],
      [x - r, y, z + r],
    ],
    height,
    0.4,
  );
}

/** Street lamp: post, arm over the road, head. `towards` is -1 or 1: the arm's direction. */
export function drawLamp(sketch: Sketch, out: Mark[], foot: Point, towards: number): void {
  const { random, look } = sketch;
  const height = random.range(5.5, 9);
  const color = random.pick(look.palette.pole);
  const board = billboard(sketch, out, foot);
  const label = { label: ID.pole, light: look.ambient + look.direct * 0.4 };
  postShadow(sketch, foot, height * 0.6);
  board.limb([0, 0.1], [0, height], 0.24, 0.16, color, label);
  board.polygon(
    [
      [-0.05, 0],
      [-0.02, 0],
      [-0.02, height],
      [-0.05, height],
    ],
    color,
    { light: 1.25, opacity: 0.6 },
  );
  if (random.chance(0.7)) {
    const reach = towards * random.range(1.2, 2.4);
    board.limb([0, height], [reach, height + 0.35], 0.15, 0.11, color, label);
    board.limb(
      [reach - towards * 0.25, height + 0.3],
      [reach + towards * 0.35, height + 0.3],
      0.2,
      0.14,
      scale(color, 0.85),
      label,
    );
    board.ellipse(
      reach + towards * 0.05,
      height + 0.22,
      0.22,
      0.05,
      look.evening > 0.1 ? [255, 228, 168] : [236, 236, 226],
    );
  } else {
    board.ellipse(0, height + 0.18, 0.26, 0.26, mix(color, [236, 236, 226], 0.6), label);
  }
}

/** Bare post: a bollard or a utility pole. */
export function drawPost(sketch: Sketch, out: Mark[], foot: Point, height: number): void {
  const { random, look } = sketch;
  const board = billboard(sketch, out, foot);
  const color =
    height > 3
      ? mix(random.pick(look.palette.pole), random.pick(look.palette.trunk), 0.5)
      : random.pick(look.palette.pole);
  const label = { label: ID.pole, light: look.ambient + look.direct * 0.4 };
  postShadow(sketch, foot, height * 0.6);
  board.limb(
    [0, 0.08],
    [0, height],
    height > 3 ? 0.28 : 0.16,
    height > 3 ? 0.2 : 0.14,
    color,
    label,
  );
  if (height > 3) board.limb([-0.9, height - 0.5], [0.9, height - 0.5], 0.12, 0.12, color, label);
}

/** Traffic light: post, optional arm with a second head, three lamps, one of them lit. */
export function drawTrafficLight(sketch: Sketch, out: Mark[], foot: Point, towards: number): void {
  const { random, look } = sketch;
  const board = billboard(sketch, out, foot);
  const color = random.pick(look.palette.pole);
  const height = random.range(2.9, 3.6);
  const light = look.ambient + look.direct * 0.4;
  const state = random.int(0, 2);
  const post = { label: ID.pole, light };
  const arm = random.chance(0.4);
  const top = arm ? 5.4 : height;
  postShadow(sketch, foot, height * 0.6);
  board.limb([0, 0.1], [0, top], 0.18, 0.14, color, post);
  const head = (x: number, y: number) => {
    const [w, h] = [0.24, 0.56];
    const shell: Color = look.domain === "source" ? [34, 38, 40] : [40, 42, 40];
    board.polygon(
      [
        [x - w, y - h],
        [x + w, y - h],
        [x + w, y + h],
        [x - w, y + h],
      ],
      shell,
      { label: ID.trafficLight, light },
    );
    const lamps: Color[] = [
      [255, 52, 40],
      [255, 196, 40],
      [56, 232, 110],
    ];
    lamps.forEach((lamp, i) => {
      const on = i === state;
      board.ellipse(x, y + 0.36 - 0.36 * i, 0.14, 0.14, on ? lamp : mix(lamp, [30, 30, 30], 0.72));
      if (on) board.ellipse(x, y + 0.36 - 0.36 * i, 0.22, 0.18, lamp, { opacity: 0.3 });
    });
  };
  head(towards * 0.3, height - 0.45);
  if (arm) {
    const reach = towards * random.range(2, 3.4);
    board.limb([0, top], [reach, top + 0.1], 0.14, 0.1, color, post);
    head(reach, top - 0.25);
  }
}

const RED: Color = [206, 36, 40];
const BLUE: Color = [36, 92, 184];
const WHITE: Color = [242, 242, 240];
const YELLOW: Color = [240, 196, 48];

/** Traffic sign on a post: disc, triangle, octagon, diamond, square or a wide board. */
export function drawSign(sketch: Sketch, out: Mark[], foot: Point): void {
  const { random, look } = sketch;
  const board = billboard(sketch, out, foot);
  const faded = look.domain === "target" ? 0.22 : 0;
  const dye = (color: Color) => mix(color, [120, 118, 112], faded);
  const light = look.ambient + look.direct * 0.4;
  const kind = random.pick([
    "disc",
    "triangle",
    "octagon",
    "diamond",
    "square",
    "board",
    "disc",
  ] as const);
  const r = random.range(0.34, 0.46);
  const y = random.range(2.3, 2.9);
  const label = { label: ID.trafficSign, light };
  postShadow(sketch, foot, y * 0.7);
  board.limb([0, 0.06], [0, y + r * 0.6], 0.11, 0.1, random.pick(look.palette.pole), {
    label: ID.pole,
    light,
  });
  const regular = (n: number, size: number, turn: number): Spot[] =>
    Array.from({ length: n }, (_, k) => {
      const angle = turn + (k / n) * 2 * Math.PI;
      return [size * Math.cos(angle), y + size * Math.sin(angle)];
    });
  const up = Math.PI / 2;
  if (kind === "disc") {
    const edge = random.pick([RED, RED, BLUE]);
    board.ellipse(0, y, r, r, dye(edge), label);
    board.ellipse(0, y, r * 0.74, r * 0.74, dye(edge === BLUE ? scale(BLUE, 1.15) : WHITE), {
      light,
    });
    board.polygon(
      [
        [-r * 0.4, y - r * 0.12],
        [r * 0.4, y - r * 0.12],
        [r * 0.4, y + r * 0.12],
        [-r * 0.4, y + r * 0.12],
      ],
      dye(edge === BLUE ? WHITE : random.pick<Color>([RED, [40, 40, 44]])),
      { light },
    );
  } else if (kind === "triangle") {
    board.polygon(regular(3, r * 1.15, random.chance(0.7) ? up : -up), dye(RED), label);
    board.ellipse(0, y, r * 0.36, r * 0.36, dye(WHITE), { light });
  } else if (kind === "octagon") {
    board.polygon(regular(8, r, Math.PI / 8), dye(RED), label);
    board.polygon(
      [
        [-r * 0.6, y - r * 0.16],
        [r * 0.6, y - r * 0.16],
        [r * 0.6, y + r * 0.16],
        [-r * 0.6, y + r * 0.16],
      ],
      dye(WHITE),
      { light },
    );
  } else if (kind === "diamond") {
    board.polygon(regular(4, r * 1.1, 0), dye(WHITE), label);
    board.polygon(regular(4, r * 0.8, 0), dye(YELLOW), { light });
  } else {
    const [w, h] = kind === "board" ? [r * 2.4, r * 1.3] : [r * 0.95, r * 0.95];
    const ground = kind === "board" ? random.pick<Color>([BLUE, [30, 120, 74], WHITE]) : BLUE;
    const rect = (a: number, b: number, c: number, d: number): Spot[] => [
      [a, y + b],
      [c, y + b],
      [c, y + d],
      [a, y + d],
    ];
    board.polygon(rect(-w, -h, w, h), dye(ground), label);
    const ink = ground === WHITE ? ([40, 40, 44] as Color) : WHITE;
    board.polygon(rect(-w * 0.7, h * 0.2, w * 0.5, h * 0.5), dye(ink), { light });
    board.polygon(rect(-w * 0.7, -h * 0.5, w * 0.2, -h * 0.2), dye(ink), { light });
  }
}

/** A wall of brick, plaster or concrete along or across the street, with coping. */
export function drawWall(
  sketch: Sketch,
  out: Mark[],
  from: Point,
  to: Point,
  height: number,
): void {
  const { random, look } = sketch;
  const color = random.pick(look.palette.wall);
  const along = Math.abs(to[2] - from[2]) > Math.abs(to[0] - from[0]);
  const [x0, x1] = [Math.min(from[0], to[0]), Math.max(from[0], to[0])];
  const where = { x: 0, y: KERB, z: 0, heading: 0 };
  const depth: [number, number] = along ? [from[2], to[2]] : [from[2], from[2] + 0.3];
  const across: [number, number] = along ? [x0 - 0.15, x0 + 0.15] : [x0, x1];
  const box = uprightBox(where, depth, across, [0, height]);
  dropShadow(sketch, [box.rear[0], box.rear[1], box.front[0], box.front[1]], height, 0.2);
  const pattern = random.pick(["brick", "panel", "plain"] as const);
  drawBox(sketch, out, box, color, { label: ID.wall }, (name, quad, light) => {
    if (name === "top") return;
    const length =
      name === "rear" || name === "front" ? across[1] - across[0] : depth[1] - depth[0];
    const lines: Quad[] = [];
    const [, tall] = extent(sketch, quad);
    if (pattern === "brick" && tall > 30) {
      for (let v = 0.1; v < 0.95; v += 0.1) lines.push(patch(quad, 0, v, 1, v + 0.012));
    }
    if (pattern !== "plain") {
      const step = (pattern === "panel" ? 2.4 : 4) / length;
      for (let u = step; u < 1; u += step) lines.push(patch(quad, u, 0, u + 0.06 / length, 1));
    }
    if (lines.length > 0)
      fillPolygons(sketch, out, lines, color, { light: light * 0.72, opacity: 0.8 });
    fillPolygons(sketch, out, [patch(quad, 0, 1 - 0.14 / height, 1, 1)], color, {
      light: light * 1.2,
    });
    fillPolygons(sketch, out, [patch(quad, 0, 0, 1, 0.12)], color, {
      light: light * 0.7,
      opacity: 0.6,
    });
  });
}

/** A fence along the street at `x`: boards, pickets or wire. What is visible through it is fence, too. */
export function drawFence(
  sketch: Sketch,
  out: Mark[],
  x: number,
  near: number,
  far: number,
  height: number,
): void {
  const { random, look } = sketch;
  const color = random.pick(look.palette.fence);
  const quad: Quad =
    x > sketch.camera.x
      ? [
          [x, KERB, far],
          [x, KERB, near],
          [x, KERB + height, near],
          [x, KERB + height, far],
        ]
      : [
          [x, KERB, near],
          [x, KERB, far],
          [x, KERB + height, far],
          [x, KERB + height, near],
        ];
  const light = faceLight(sketch, quad);
  const kind = random.pick(["boards", "pickets", "rails", "wire"] as const);
  dropShadow(sketch, [quad[0], quad[1]], height, 0.2);
  const length = far - near;
  const open = kind === "boards" ? 1 : kind === "pickets" ? 0.5 : 0.38;
  fillPolygons(sketch, out, [quad], scale(color, open < 1 ? 0.8 : 1), {
    label: ID.fence,
    light,
    opacity: open,
  });
  const bars: Quad[] = [];
  const step = kind === "boards" ? 0.4 : kind === "pickets" ? 0.3 : 0.45;
  for (let u = 0; u < 1 - 0.01; u += step / length) {
    const bar = patch(quad, u, 0, Math.min(1, u + (step * 0.5) / length), 0.97);
    if (extent(sketch, bar)[0] > 0.8) bars.push(bar);
  }
  if (kind !== "wire" && bars.length > 0) {
    fillPolygons(sketch, out, bars, color, {
      light: light * (kind === "boards" ? 0.88 : 1.04),
      opacity: kind === "boards" ? 0.6 : 0.95,
    });
  }
  const rails = kind === "wire" ? [0.04, 0.93] : [0.18, 0.82];
  fillPolygons(
    sketch,
    out,
    rails.map((v) => patch(quad, 0, v, 1, v + 0.06)),
    color,
    { light: light * 1.1 },
  );
  const posts: Quad[] = [];
  for (let u = 0; u < 1; u += 2.4 / length)
    posts.push(patch(quad, u, 0, Math.min(1, u + 0.1 / length), 1));
  fillPolygons(sketch, out, posts, color, { light: light * 0.9 });
}
