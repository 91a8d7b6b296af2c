import type { Color } from "../dataset.js";
import type { Point } from "./camera.js";
import { project, projectPolygon } from "./camera.js";
import { mix, scale } from "./color.js";
import type { Fill, Mark, Sketch } from "./drawing.js";
import { fillPath, fillPolygons, tone } from "./drawing.js";
import { ID } from "./ids.js";
import type { Layout } from "./layout.js";
import { KERB } from "./layout.js";
import { polygonPath } from "./path.js";

const DEPTHS = [1.3, 1.8, 2.7, 4, 6, 9, 13, 19, 28, 40, 52, 62, 70, 95, 130, 180, 250] as const;

/** A strip of ground from x0 to x1, following the road's bends between two depths. */
export function ribbon(x0: number, x1: number, z0: number, z1: number, y: number): Point[] {
  const depths = [z0, ...DEPTHS.filter((z) => z > z0 && z < z1), z1];
  return [
    ...depths.map((z): Point => [x0, y, z]),
    ...depths.reverse().map((z): Point => [x1, y, z]),
  ];
}

/** A vertical gradient: this colour with haze by depth. */
export function groundPaint(sketch: Sketch, color: Color): string {
  const id = `g${sketch.defs.length}`;
  const light = sketch.look.ambient + sketch.look.direct * sketch.look.sun[1];
  const stops: string[] = [];
  const far = project(sketch.camera, [sketch.camera.x, 0, 250])[1];
  const near = project(sketch.camera, [sketch.camera.x, 0, 3])[1];
  for (const z of [250, 120, 70, 40, 25, 14, 7, 3]) {
    const y = project(sketch.camera, [sketch.camera.x, 0, z])[1];
    const offset = Math.min(1, Math.max(0, (y - far) / (near - far)));
    stops.push(
      `<stop offset="${offset.toFixed(4)}" stop-color="${tone(sketch, color, z, light)}"/>`,
    );
  }
  sketch.defs.push(
    `<linearGradient id="${id}" gradientUnits="userSpaceOnUse" x1="0" x2="0" y1="${far.toFixed(1)}" y2="${near.toFixed(1)}">${stops.join("")}</linearGradient>`,
  );
  return `url(#${id})`;
}

function strips(
  sketch: Sketch,
  out: Mark[],
  list: readonly Point[][],
  paint: string,
  fill: Fill,
): void {
  const path = list.map((points) => polygonPath(projectPolygon(sketch.camera, points))).join("");
  fillPath(out, path, paint, fill);
}

/** Lots, pavements, kerbs, verges, road and its markings. */
export function drawGround(sketch: Sketch, layout: Layout, out: Mark[]): void {
  const { palette } = sketch.look;
  const { random } = sketch;
  const { roadHalf, junction } = layout;
  const end = layout.end < 250 ? layout.end - 1 : 250;
  const grass = random.pick(palette.terrain);
  const paving = random.pick(palette.sidewalk);
  const asphalt = random.pick(palette.road);
  const kerbColor = random.pick(palette.kerb);
  const paints = {
    terrain: groundPaint(sketch, grass),
    sidewalk: groundPaint(sketch, paving),
    kerb: groundPaint(sketch, scale(kerbColor, 0.86)),
    road: groundPaint(sketch, asphalt),
    marking: groundPaint(sketch, random.pick(palette.marking)),
    seam: groundPaint(sketch, scale(paving, 0.8)),
    patch: groundPaint(sketch, scale(asphalt, 0.8)),
  };
  const terrain = { label: ID.terrain };
  strips(sketch, out, [ribbon(-500, 500, 1.3, 250, KERB)], paints.terrain, terrain);

  for (const side of layout.sides) {
    const s = side.sign;
    const inner = roadHalf + side.verge;
    const walk = ribbon(s * inner, s * (inner + side.sidewalk), 1.3, end, KERB);
    strips(sketch, out, [walk], paints.sidewalk, { label: ID.sidewalk });
    // Without grass in front of the buildings, the setback is paved, too.
    if (side.green < 0.3) {
      const yard = ribbon(s * (inner + side.sidewalk), s * side.front, 1.3, end, KERB);
      strips(sketch, out, [yard], paints.sidewalk, { label: ID.sidewalk });
    }
    const seams: Point[][] = [];
    for (let z = 3 + random.next(); z < 26; z += 1.6) {
      seams.push(ribbon(s * inner, s * (inner + side.sidewalk), z, z + 0.04, KERB));
    }
    strips(sketch, out, seams, paints.seam, { opacity: 0.8 });
  }

  const cross: Point[][] = junction ? [ribbon(-60, 60, junction.near, junction.far, 0)] : [];
  if (junction) {
    const pavements = [
      ribbon(-60, 60, junction.near - 2.5, junction.near, KERB),
      ribbon(-60, 60, junction.far, junction.far + 2.5, KERB),
    ];
    strips(sketch, out, pavements, paints.sidewalk, { label: ID.sidewalk });
  }
  if (layout.end < 250) {
    const pavement = ribbon(-80, 80, layout.end - 1, layout.end + 3, KERB);
    strips(sketch, out, [pavement], paints.sidewalk, { label: ID.sidewalk });
    cross.push(ribbon(-80, 80, layout.end - 9, layout.end - 1, 0));
  }
  // Kerb faces: vertical strips between road and pavement height, interrupted at the junction.
  for (const side of layout.sides) {
    const x = side.sign * roadHalf;
    const runs: [number, number][] = junction
      ? [
          [1.3, junction.near],
          [junction.far, end],
        ]
      : [[1.3, end]];
    const faces = runs.map(([z0, z1]): Point[] => {
      const low = ribbon(x, x, z0, z1, 0);
      return low.map((p, i): Point => (i < low.length / 2 ? p : [p[0], KERB, p[2]]));
    });
    const tops = runs.map(([z0, z1]) => ribbon(x, x + side.sign * 0.18, z0, z1, KERB));
    strips(sketch, out, faces, paints.kerb, { label: ID.sidewalk });
    strips(sketch, out, tops, groundPaint(sketch, kerbColor), { label: ID.sidewalk });
  }
  const road = { label: ID.road };
  strips(sketch, out, [ribbon(-roadHalf, roadHalf, 1.3, end, 0), ...cross], paints.road, road);
  drawMarkings(sketch, layout, end, out, paints.marking);
  if (sketch.look.domain === "target") drawWear(sketch, layout, out, paints.patch);
}

function drawMarkings(
  sketch: Sketch,
  layout: Layout,
  end: number,
  out: Mark[],
  paint: string,
): void {
  const { random } = sketch;
  const { roadHalf, junction, parking } = layout;
  const game = sketch.look.domain === "source";
  const open = (z0: number, z1: number) =>
    !junction || z1 < junction.near - 6.2 || z0 > junction.far + 1;
  const lines: Point[][] = [];
  const dashed = (x: number, length: number, gap: number) => {
    for (let z = 1.3 + random.range(0, gap); z < Math.min(end, 110); z += length + gap) {
      if (open(z, z + length)) lines.push(ribbon(x - 0.07, x + 0.07, z, z + length, 0));
    }
  };
  const solid = (x: number) => {
    const stop = junction ? junction.near - 6 : end;
    lines.push(ribbon(x - 0.06, x + 0.06, 1.3, stop, 0));
    if (junction) lines.push(ribbon(x - 0.06, x + 0.06, junction.far + 1.5, end, 0));
  };
  const drive = roadHalf - parking;
  if (game || random.chance(0.6)) {
    if (random.chance(0.3)) {
      solid(-0.13);
      solid(0.13);
    } else dashed(0, 3, random.range(3, 6));
  }
  if (drive > 5.6) for (const x of [-drive / 2, drive / 2]) dashed(x, 2.5, 5);
  if (random.chance(game ? 0.8 : 0.35)) for (const x of [-drive + 0.15, drive - 0.15]) solid(x);
  if (parking > 0 && random.chance(0.5)) {
    for (let z = 4; z < 60; z += 5.5) {
      if (!open(z, z + 0.2)) continue;
      lines.push(ribbon(drive, roadHalf - 0.1, z, z + 0.1, 0));
      lines.push(ribbon(-roadHalf + 0.1, -drive, z, z + 0.1, 0));
    }
  }
  if (junction && random.chance(0.75)) {
    const z = junction.near - 4.6;
    for (let x = -roadHalf + 0.4; x < roadHalf - 0.5; x += 1) {
      lines.push(ribbon(x, x + 0.5, z, z + 2.8, 0));
    }
    lines.push(ribbon(0.2, drive, z - 1.3, z - 0.9, 0));
  }
  strips(sketch, out, lines, paint, { opacity: game ? 1 : random.range(0.35, 0.8) });
}

/** Signs of age: patches, tar seams, manholes and oil. */
function drawWear(sketch: Sketch, layout: Layout, out: Mark[], paint: string): void {
  const { random } = sketch;
  const { roadHalf } = layout;
  const dark = sketch.look.palette.road[2] ?? [84, 84, 86];
  for (let i = random.int(1, 5); i > 0; i--) {
    const x = random.range(-roadHalf, roadHalf - 1.5);
    const z = random.range(3, 30);
    const repair = ribbon(x, x + random.range(0.8, 2.5), z, z + random.range(1, 7), 0);
    strips(sketch, out, [repair], paint, { opacity: random.range(0.25, 0.7) });
  }
  for (let i = random.int(0, 4); i > 0; i--) {
    let [x, z] = [random.range(-roadHalf, roadHalf), random.range(3, 10)];
    const left: Point[] = [];
    const right: Point[] = [];
    for (let k = 0; k < 7; k++) {
      left.push([x, 0, z]);
      right.push([x + 0.05, 0, z + 0.03]);
      x += random.range(-0.5, 0.5);
      z += random.range(0.4, 1.6);
    }
    fillPolygons(sketch, out, [[...left, ...right.reverse()]], mix(dark, [0, 0, 0], 0.55), {
      opacity: 0.7,
    });
  }
  for (let i = random.int(0, 2); i > 0; i--) {
    const [x, z] = [random.range(-roadHalf + 1, roadHalf - 1), random.range(4, 20)];
    const disc = Array.from({ length: 14 }, (_, k): Point => {
      const turn = (k / 14) * 2 * Math.PI;
      return [x + 0.35 * Math.cos(turn), 0, z + 0.35 * Math.sin(turn)];
    });
    fillPolygons(sketch, out, [disc], [62, 58, 56], { opacity: 0.8 });
  }
}
