import type { Color } from "../dataset.js";
import type { Box, Place } from "./box.js";
import { drawBox, dropShadow, makeBox, place, uprightBox } from "./box.js";
import type { Point } from "./camera.js";
import { scale } from "./color.js";
import type { Mark, Quad, Sketch } from "./drawing.js";
import { at, extent, fillPolygons, inSight, patch } from "./drawing.js";
import { ID } from "./ids.js";

const RUBBER: Color = [30, 30, 33];
const LAMP: Color = [206, 30, 30];
const HEADLAMP: Color = [246, 246, 232];

/** Length, width and height in metres, to find free space. */
export const SIZES = {
  car: [4.4, 1.8, 1.5],
  truck: [8, 2.4, 3.3],
  bus: [11, 2.5, 3.1],
} as const;

function groundShadow(
  sketch: Sketch,
  where: Place,
  length: number,
  width: number,
  height: number,
): void {
  const [l, w] = [length / 2, width / 2];
  const footprint: Point[] = [
    place(where, -l, -w, 0),
    place(where, -l, w, 0),
    place(where, l, w, 0),
    place(where, l, -w, 0),
  ];
  dropShadow(sketch, footprint, height * 0.8, 0.5);
}

/** Tyres as blocks, visible below the body from front and rear. */
function drawTyres(
  sketch: Sketch,
  out: Mark[],
  where: Place,
  axles: readonly number[],
  half: number,
  radius: number,
  label: number,
): void {
  if (where.z > 45) return;
  const faces: Quad[] = [];
  for (const axle of axles) {
    for (const span of [
      [-half, -half + 0.24],
      [half - 0.24, half],
    ] as const) {
      const box = uprightBox(where, [axle - radius * 0.8, axle + radius * 0.8], span, [
        0,
        radius * 1.6,
      ]);
      faces.push(...Object.values(box).filter((quad: Quad) => inSight(sketch, quad)));
    }
  }
  fillPolygons(sketch, out, faces, RUBBER, { label, light: 0.75 });
}

/** Wheels as discs on a visible side face. */
function drawWheels(
  sketch: Sketch,
  out: Mark[],
  where: Place,
  axles: readonly number[],
  w: number,
  radius: number,
  label: number,
): void {
  const disc = (axle: number, r: number): Point[] =>
    Array.from({ length: 16 }, (_, k) => {
      const turn = (k / 16) * 2 * Math.PI;
      return place(where, axle + r * Math.cos(turn), w, radius + r * Math.sin(turn));
    });
  fillPolygons(
    sketch,
    out,
    axles.map((a) => disc(a, radius)),
    RUBBER,
    { label },
  );
  if (where.z > 30) return;
  fillPolygons(
    sketch,
    out,
    axles.map((a) => disc(a, radius * 0.62)),
    [158, 160, 164],
    { light: sketch.look.ambient + 0.1 },
  );
  fillPolygons(
    sketch,
    out,
    axles.map((a) => disc(a, radius * 0.24)),
    [70, 70, 74],
  );
}

interface Shape {
  readonly length: number;
  readonly width: number;
  readonly belt: number;
  readonly roof: number;
  readonly hood: number;
  /** Cabin at the belt line and at the roof, measured from the rear end. */
  readonly cabin: readonly [number, number];
  readonly top: readonly [number, number];
}

const SHAPES: readonly Shape[] = [
  {
    length: 4.5,
    width: 1.8,
    belt: 0.92,
    roof: 1.45,
    hood: 0.84,
    cabin: [0.55, 3.3],
    top: [1.2, 2.5],
  },
  { length: 4, width: 1.74, belt: 0.94, roof: 1.5, hood: 0.86, cabin: [0.06, 3], top: [0.45, 2.2] },
  {
    length: 4.7,
    width: 1.8,
    belt: 0.93,
    roof: 1.48,
    hood: 0.84,
    cabin: [0.06, 3.4],
    top: [0.5, 2.6],
  },
  { length: 4.6, width: 1.9, belt: 1.08, roof: 1.74, hood: 1, cabin: [0.08, 3.4], top: [0.4, 2.6] },
  {
    length: 5,
    width: 1.94,
    belt: 1.12,
    roof: 2.05,
    hood: 1.05,
    cabin: [0.05, 4.3],
    top: [0.15, 3.5],
  },
];

/** A car: tyres, body, cabin with windows, lamps, plates; heading as in Place. */
export function drawCar(sketch: Sketch, out: Mark[], where: Place): void {
  const { random, look } = sketch;
  const shape = random.pick(SHAPES);
  const color = random.pick(look.palette.car);
  const glass = scale(random.pick(look.palette.glass), look.domain === "source" ? 0.55 : 0.6);
  const label = ID.car;
  const [half, hw] = [shape.length / 2, shape.width / 2];
  const fromRear = (l: number) => l - half;
  const axles = [fromRear(shape.length * 0.19), fromRear(shape.length * 0.81)];
  groundShadow(sketch, where, shape.length, shape.width, shape.roof);
  drawTyres(sketch, out, where, axles, hw, 0.31, label);

  const body = makeBox(
    where,
    {
      rear: -half + 0.06,
      front: half - 0.06,
      left: -hw + 0.03,
      right: hw - 0.03,
      up: [0.26, 0.22],
    },
    {
      rear: -half + 0.1,
      front: half - 0.12,
      left: -hw + 0.04,
      right: hw - 0.04,
      up: [shape.belt, shape.hood],
    },
  );
  const waist = makeBox(
    where,
    { rear: -half, front: half, left: -hw, right: hw, up: [0.3, 0.28] },
    {
      rear: -half + 0.05,
      front: half - 0.1,
      left: -hw + 0.02,
      right: hw - 0.02,
      up: [shape.belt, shape.hood],
    },
  );
  drawBox(sketch, out, body, scale(color, 0.6), { label });
  const braking = random.chance(0.25);
  drawBox(sketch, out, waist, color, { label }, (name, quad, light) => {
    const put = (list: readonly Quad[], paint: Color, factor = 1, opacity = 1) =>
      fillPolygons(sketch, out, list, paint, { light: light * factor, opacity });
    if (name === "top") return;
    put([patch(quad, 0, 0, 1, 0.24)], scale(color, 0.4), 1, 0.85);
    if (extent(sketch, quad)[0] < 16) return;
    const pair = (u: number, v0: number, w: number, v1: number) => [
      patch(quad, u, v0, u + w, v1),
      patch(quad, 1 - u - w, v0, 1 - u, v1),
    ];
    if (name === "rear") {
      put(pair(0.02, 0.55, 0.17, 0.88), LAMP, braking ? 1.5 : 1);
      put([patch(quad, 0.36, 0.42, 0.64, 0.62)], [232, 232, 226]);
      put([patch(quad, 0.04, 0.94, 0.96, 0.97)], scale(color, 0.5));
    } else if (name === "front") {
      put(pair(0.04, 0.58, 0.2, 0.84), HEADLAMP, look.evening > 0.1 ? 1.5 : 1.1);
      put([patch(quad, 0.28, 0.5, 0.72, 0.78)], [40, 42, 46]);
      put([patch(quad, 0.36, 0.22, 0.64, 0.38)], [232, 232, 226]);
    } else {
      put([patch(quad, 0.02, 0.86, 0.98, 0.9)], scale(color, 0.6));
      put(
        [patch(quad, 0.36, 0.2, 0.365, 0.9), patch(quad, 0.6, 0.2, 0.605, 0.9)],
        scale(color, 0.55),
      );
      const w = name === "right" ? hw : -hw;
      drawWheels(sketch, out, where, axles, w, 0.33, label);
    }
  });

  const beltAt = (l: number) => shape.belt + ((shape.hood - shape.belt) * l) / shape.length - 0.02;
  const cabin = makeBox(
    where,
    {
      rear: fromRear(shape.cabin[0]),
      front: fromRear(shape.cabin[1]),
      left: -hw + 0.07,
      right: hw - 0.07,
      up: [beltAt(shape.cabin[0]), beltAt(shape.cabin[1])],
    },
    {
      rear: fromRear(shape.top[0]),
      front: fromRear(shape.top[1]),
      left: -hw + 0.24,
      right: hw - 0.24,
      up: [shape.roof, shape.roof - 0.03],
    },
  );
  drawBox(sketch, out, cabin, color, { label }, (name, quad, light) => {
    if (name === "top") return;
    const panes =
      name === "left" || name === "right"
        ? [patch(quad, 0.1, 0.1, 0.5, 0.86), patch(quad, 0.54, 0.1, 0.9, 0.86)]
        : [patch(quad, 0.06, 0.1, 0.94, 0.88)];
    fillPolygons(sketch, out, panes, glass, { light });
    const glints = panes.map(
      (pane): Quad => [at(pane, 0.1, 1), at(pane, 0.35, 0.2), at(pane, 0.6, 0.2), at(pane, 0.4, 1)],
    );
    fillPolygons(sketch, out, glints, look.sky.bottom, { light, opacity: 0.25 });
  });
}

/** A lorry: cab, box or flatbed with cargo, wheels. */
export function drawTruck(sketch: Sketch, out: Mark[], where: Place): void {
  const { random, look } = sketch;
  const label = ID.truck;
  const [length, width] = SIZES.truck;
  const [half, hw] = [length / 2, width / 2];
  const paint = random.pick(look.palette.cargo);
  const cabPaint = random.pick(look.palette.car);
  const axles = [-half + 1.2, -half + 2.3, half - 1];
  groundShadow(sketch, where, length, width, 3);
  drawTyres(sketch, out, where, axles, hw, 0.5, label);
  const chassis = uprightBox(where, [-half + 0.1, half - 0.2], [-hw + 0.2, hw - 0.2], [0.5, 0.95]);
  drawBox(sketch, out, chassis, [52, 52, 56], { label });
  const flat = random.chance(0.25);
  const cargo = uprightBox(
    where,
    [-half, half - 2.1],
    [-hw, hw],
    [0.85, flat ? 1.7 : random.range(2.9, 3.5)],
  );
  const cab = makeBox(
    where,
    { rear: half - 1.95, front: half, left: -hw + 0.06, right: hw - 0.06, up: [0.5, 0.5] },
    { rear: half - 1.95, front: half - 0.35, left: -hw + 0.12, right: hw - 0.12, up: [2.6, 2.5] },
  );
  const parts: [Box, () => void][] = [
    [cargo, () => drawCargo(sketch, out, cargo, paint, where, axles, hw)],
    [cab, () => drawCab(sketch, out, cab, cabPaint, where, axles[2] as number, hw)],
  ];
  const depth = (box: Box) => box.rear[0][2] + box.front[0][2];
  for (const [, draw] of parts.sort((a, b) => depth(b[0]) - depth(a[0]))) draw();
}

function drawCargo(
  sketch: Sketch,
  out: Mark[],
  box: Box,
  paint: Color,
  where: Place,
  axles: readonly number[],
  hw: number,
): void {
  drawBox(sketch, out, box, paint, { label: ID.truck }, (name, quad, light) => {
    const put = (list: readonly Quad[], color: Color, opacity = 1) =>
      fillPolygons(sketch, out, list, color, { light, opacity });
    if (name === "rear") {
      put([patch(quad, 0.49, 0.06, 0.51, 0.97), patch(quad, 0, 0.95, 1, 1)], scale(paint, 0.6));
      put([patch(quad, 0, 0, 1, 0.07)], [52, 52, 56]);
      put([patch(quad, 0.03, 0.01, 0.16, 0.06), patch(quad, 0.84, 0.01, 0.97, 0.06)], LAMP);
      put(
        [patch(quad, 0.2, 0.1, 0.22, 0.95), patch(quad, 0.78, 0.1, 0.8, 0.95)],
        scale(paint, 0.75),
      );
    } else if (name === "left" || name === "right") {
      put([patch(quad, 0.12, 0.35, 0.88, 0.62)], scale(paint, 0.72), 0.8);
      put([patch(quad, 0, 0, 1, 0.06), patch(quad, 0, 0.96, 1, 1)], scale(paint, 0.55));
      drawWheels(sketch, out, where, axles.slice(0, 2), name === "right" ? hw : -hw, 0.5, ID.truck);
    }
  });
}

function drawCab(
  sketch: Sketch,
  out: Mark[],
  box: Box,
  paint: Color,
  where: Place,
  axle: number,
  hw: number,
): void {
  const glass = scale(sketch.random.pick(sketch.look.palette.glass), 0.6);
  drawBox(sketch, out, box, paint, { label: ID.truck }, (name, quad, light) => {
    const put = (list: readonly Quad[], color: Color) =>
      fillPolygons(sketch, out, list, color, { light });
    if (name === "front") {
      put([patch(quad, 0.06, 0.52, 0.94, 0.9)], glass);
      put([patch(quad, 0.2, 0.2, 0.8, 0.42)], [44, 46, 50]);
      put([patch(quad, 0.03, 0.1, 0.17, 0.2), patch(quad, 0.83, 0.1, 0.97, 0.2)], HEADLAMP);
    } else if (name === "left" || name === "right") {
      put([patch(quad, 0.3, 0.52, 0.85, 0.88)], glass);
      drawWheels(
        sketch,
        out,
        where,
        [axle],
        name === "right" ? hw - 0.04 : -hw + 0.04,
        0.5,
        ID.truck,
      );
    }
  });
}

/** A city bus: one long box, a band of windows, doors, a destination board. */
export function drawBus(sketch: Sketch, out: Mark[], where: Place): void {
  const { random, look } = sketch;
  const label = ID.bus;
  const [length, width, height] = SIZES.bus;
  const [half, hw] = [length / 2, width / 2];
  const paint = random.pick(look.palette.bus);
  const band = scale(random.pick(look.palette.glass), 0.6);
  const axles = [-half + 2.6, half - 2.5];
  groundShadow(sketch, where, length, width, height);
  drawTyres(sketch, out, where, axles, hw, 0.48, label);
  const box = makeBox(
    where,
    { rear: -half, front: half, left: -hw, right: hw, up: [0.32, 0.32] },
    {
      rear: -half + 0.08,
      front: half - 0.12,
      left: -hw + 0.06,
      right: hw - 0.06,
      up: [height, height],
    },
  );
  const board: Color = [250, 186, 60];
  drawBox(sketch, out, box, paint, { label }, (name, quad, light) => {
    const put = (list: readonly Quad[], color: Color, factor = 1) =>
      fillPolygons(sketch, out, list, color, { light: light * factor });
    if (name === "top") return;
    put([patch(quad, 0, 0, 1, 0.1)], [44, 44, 48]);
    put([patch(quad, 0, 0.93, 1, 1)], paint, 1.2);
    if (name === "rear") {
      put([patch(quad, 0.1, 0.5, 0.9, 0.84)], band);
      put([patch(quad, 0.04, 0.14, 0.14, 0.36), patch(quad, 0.86, 0.14, 0.96, 0.36)], LAMP);
      put([patch(quad, 0.2, 0.14, 0.8, 0.34)], scale(paint, 0.7));
    } else if (name === "front") {
      put([patch(quad, 0.05, 0.34, 0.95, 0.8)], band);
      put([patch(quad, 0.2, 0.83, 0.8, 0.93)], [24, 24, 26]);
      put([patch(quad, 0.28, 0.85, 0.72, 0.91)], board);
      put([patch(quad, 0.05, 0.14, 0.2, 0.24), patch(quad, 0.8, 0.14, 0.95, 0.24)], HEADLAMP);
    } else {
      const panes: Quad[] = [];
      for (let u = 0.03; u < 0.94; u += 0.118)
        panes.push(patch(quad, u, 0.46, Math.min(0.98, u + 0.108), 0.84));
      put(panes, band);
      put([patch(quad, 0, 0.3, 1, 0.36)], scale(paint, 0.65));
      // Doors are on the right, on the side of the pavement.
      if (name === "right")
        put(
          [patch(quad, 0.87, 0.08, 0.95, 0.84), patch(quad, 0.48, 0.08, 0.58, 0.84)],
          scale(band, 0.8),
        );
      drawWheels(sketch, out, where, axles, name === "right" ? hw : -hw, 0.48, label);
    }
  });
}
