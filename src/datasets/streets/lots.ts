import { crossBuilding, drawBuilding } from "./buildings.js";
import type { Point } from "./camera.js";
import type { Mark, Sketch } from "./drawing.js";
import { drawFence, drawWall } from "./furniture.js";
import type { Layout, Side } from "./layout.js";
import { KERB } from "./layout.js";
import { drawBush, drawTree } from "./vegetation.js";

/** Everything behind the pavements, far to near: houses, gardens, parks, the end of the street. */
export function drawLots(sketch: Sketch, layout: Layout, out: Mark[]): void {
  if (layout.end < 250) drawClosing(sketch, layout, out);
  for (const side of layout.sides) {
    for (const [near, far] of divide(sketch, layout).reverse()) {
      if (sketch.random.chance(side.green)) drawGreen(sketch, out, side, near, far);
      else {
        const height = layout.storeys * 3.2 * sketch.random.range(0.7, 1.4);
        const back = side.front + sketch.random.range(9, 14);
        const front = side.front + sketch.random.range(0, 0.8);
        drawBuilding(sketch, out, { sign: side.sign, front, back, near, far }, height);
      }
    }
  }
}

function divide(sketch: Sketch, layout: Layout): [number, number][] {
  const lots: [number, number][] = [];
  const { junction } = layout;
  const last = Math.min(layout.end - 12, 130);
  let z = sketch.random.range(-6, 1.4);
  while (z < last) {
    let far = z + sketch.random.range(8, 18);
    if (junction && z < junction.near - 2.6 && far > junction.near - 2.6) far = junction.near - 2.6;
    if (junction && z >= junction.near - 2.6 && z < junction.far + 2.6) {
      z = junction.far + 2.6;
      continue;
    }
    lots.push([z, Math.min(far, last)]);
    // Mostly party walls, sometimes a gap.
    z = far + (sketch.random.chance(0.2) ? sketch.random.range(1, 4) : 0);
  }
  return lots.filter(([near, far]) => far > 2 && far - near > 2);
}

/** Garden or park: trees and bushes, a boundary in front, and sometimes a house at the back. */
function drawGreen(sketch: Sketch, out: Mark[], side: Side, near: number, far: number): void {
  const { random } = sketch;
  const s = side.sign;
  const x = s * (side.front + 0.2);
  const deep = (low: number, high: number) => s * (side.front + random.range(low, high));
  if (random.chance(0.45)) {
    const front = side.front + random.range(7, 12);
    const lot = { sign: s, front, back: front + 9, near: near + 1, far: far - 1 };
    drawBuilding(sketch, out, lot, random.range(5, 9));
  }
  const plants: [number, () => void][] = [];
  for (let i = random.int(1, 4); i > 0; i--) {
    const foot: Point = [deep(1.5, 7), KERB, Math.max(4, random.range(near, far))];
    plants.push([foot[2], () => drawTree(sketch, out, foot, random.range(4.5, 10))]);
  }
  for (let i = random.int(1, 5); i > 0; i--) {
    const foot: Point = [deep(0.9, 4), KERB, Math.max(3, random.range(near, far))];
    const width = random.range(1, 2.6);
    plants.push([
      foot[2],
      () => drawBush(sketch, out, foot, width, width * random.range(0.5, 0.9)),
    ]);
  }
  for (const [, draw] of plants.sort((a, b) => b[0] - a[0])) draw();

  const start = Math.max(near, 1.5);
  const edge = random.next();
  if (edge < 0.36) drawWall(sketch, out, [x, 0, start], [x, 0, far], random.range(1, 2.2));
  else if (edge < 0.7) drawFence(sketch, out, x, start, far, random.range(0.9, 1.8));
  else if (edge < 0.82) {
    // A hedge of bushes, far to near.
    for (let z = far - 0.7; z > Math.max(near, 2.5); z -= 1.3) {
      drawBush(sketch, out, [x + s * 0.5, KERB, z], 1.8, random.range(1, 1.4));
    }
  }
}

function drawClosing(sketch: Sketch, layout: Layout, out: Mark[]): void {
  const { random } = sketch;
  if (random.chance(0.5)) {
    for (let x = -70; x < 60; ) {
      const width = random.range(10, 22);
      const height = layout.storeys * 3.2 * random.range(0.8, 1.4);
      crossBuilding(sketch, out, x, x + width, layout.end + 3, height);
      x += width;
    }
    return;
  }
  for (let x = -60; x < 60; x += random.range(4, 8)) {
    const foot: Point = [x, KERB, layout.end + random.range(5, 9)];
    drawTree(sketch, out, foot, random.range(7, 14));
  }
  if (random.chance(0.5)) {
    drawWall(sketch, out, [-60, 0, layout.end + 3], [60, 0, layout.end + 3], random.range(1, 2));
  }
}
