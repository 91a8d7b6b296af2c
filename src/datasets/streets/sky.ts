import type { Spot } from "./camera.js";
import { CANVAS, project } from "./camera.js";
import { css, mix, scale } from "./color.js";
import type { Mark, Sketch } from "./drawing.js";
import { fillPath, tone } from "./drawing.js";
import { ID } from "./ids.js";
import { ellipsePath, polygonPath, smoothPath } from "./path.js";

/** The sky, over the whole canvas, with clouds. */
export function drawSky(sketch: Sketch, out: Mark[]): void {
  const { random, look, camera } = sketch;
  const { width, height } = CANVAS;
  const id = `g${sketch.defs.length}`;
  sketch.defs.push(
    `<linearGradient id="${id}" gradientUnits="userSpaceOnUse" x1="0" x2="0" y1="0" y2="${camera.horizon}"><stop offset="0" stop-color="${css(look.sky.top)}"/><stop offset="1" stop-color="${css(look.sky.bottom)}"/></linearGradient>`,
  );
  const all = `M${-width} ${-height}H${2 * width}V${2 * height}H${-width}Z`;
  fillPath(out, all, `url(#${id})`, { label: ID.sky });

  const game = look.domain === "source";
  for (let i = 0; i < look.clouds; i++) {
    const [x, y] = [random.range(0, width), random.range(-10, camera.horizon * 0.75)];
    const size = random.range(30, game ? 80 : 170);
    let puffs = "";
    for (let k = random.int(4, 7); k > 0; k--) {
      const rx = size * random.range(0.4, 1);
      puffs += ellipsePath(
        x + size * random.range(-1.4, 1.4),
        y - size * random.range(0, 0.25),
        rx,
        rx * random.range(0.2, 0.4),
      );
    }
    fillPath(out, puffs, css(look.sky.cloud), { opacity: game ? 0.85 : random.range(0.12, 0.32) });
  }
}

/** The horizon behind the lots: hills, trees, roofs. */
export function drawBackdrop(sketch: Sketch, out: Mark[]): void {
  const { random, look, camera } = sketch;
  const depth = 260;
  const base = project(camera, [0, 0, depth])[1] + 6;
  const up = (metres: number) => base - (metres * camera.focal) / depth;
  if (random.chance(0.4)) {
    const hills: Spot[] = [[-400, base + 40]];
    for (let x = -400; x <= 1700; x += 150) hills.push([x, up(random.range(12, 34))]);
    hills.push([1700, base + 40]);
    const green = mix(look.palette.leaves[1] ?? [80, 100, 60], look.haze, 0.25);
    fillPath(out, smoothPath(hills), tone(sketch, green, depth), { label: ID.vegetation });
  }
  if (random.chance(0.6)) {
    const color = random.pick(look.palette.facade);
    for (let x = -60; x < 1340; x += random.range(30, 110)) {
      const w = random.range(30, 80);
      const top = up(random.range(8, 30));
      const block = polygonPath([
        [x, base + 30],
        [x, top],
        [x + w, top],
        [x + w, base + 30],
      ]);
      const shade = tone(sketch, scale(color, random.range(0.8, 1.05)), depth * 0.8, 0.95);
      fillPath(out, block, shade, { label: ID.building });
    }
  }
  let trees = "";
  let light = "";
  for (let x = -40; x < 1320; x += random.range(12, 26)) {
    const r = random.range(10, 24);
    trees += ellipsePath(x, base - r * 0.4, r, r * random.range(0.8, 1.3));
    light += ellipsePath(x - r * 0.2, base - r * 0.7, r * 0.5, r * 0.4);
  }
  trees += `M-80 ${(base - 4).toFixed(1)}H1360V${(base + 30).toFixed(1)}H-80Z`;
  const leaf = random.pick(look.palette.leaves);
  fillPath(out, trees, tone(sketch, leaf, 150, 0.8), { label: ID.vegetation });
  fillPath(out, light, tone(sketch, leaf, 150, 1), { opacity: 0.7 });
}
