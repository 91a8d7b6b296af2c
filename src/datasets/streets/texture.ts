import type { Size } from "../dataset.js";
import { CANVAS } from "./camera.js";
import { ID } from "./ids.js";
import { randomFrom } from "./random.js";
import type { Scene } from "./scene.js";

const SIDE = 256;

// One tile of white noise, -1..1, which all scenes use with different offsets.
const TILE = (() => {
  const random = randomFrom(7);
  return Float32Array.from({ length: SIDE * SIDE }, () => random.range(-1, 1));
})();

/** Smooth noise at (x, y), one cell per unit, -1..1. */
function noise(x: number, y: number): number {
  const [fx, fy] = [Math.floor(x), Math.floor(y)];
  const [tx, ty] = [x - fx, y - fy];
  const [sx, sy] = [tx * tx * (3 - 2 * tx), ty * ty * (3 - 2 * ty)];
  const x0 = fx & (SIDE - 1);
  const x1 = (fx + 1) & (SIDE - 1);
  const y0 = (fy & (SIDE - 1)) * SIDE;
  const y1 = ((fy + 1) & (SIDE - 1)) * SIDE;
  const top = (TILE[y0 + x0] as number) * (1 - sx) + (TILE[y0 + x1] as number) * sx;
  const low = (TILE[y1 + x0] as number) * (1 - sx) + (TILE[y1 + x1] as number) * sx;
  return top * (1 - sy) + low * sy;
}

/** Grain per train id: in perspective (metres) for the ground, else in canvas units. */
const GROUND: Readonly<Record<number, number>> = {
  [ID.road]: 0.13,
  [ID.sidewalk]: 0.12,
  [ID.terrain]: 0.24,
};
const UPRIGHT: Readonly<Record<number, number>> = {
  [ID.building]: 0.1,
  [ID.wall]: 0.14,
  [ID.fence]: 0.12,
  [ID.vegetation]: 0.26,
  [ID.truck]: 0.05,
  [ID.bus]: 0.05,
  [ID.car]: 0.06,
  [ID.person]: 0.08,
  [ID.rider]: 0.08,
};

/** Adds surface grain to a rendered image, in place. */
export function grainImage(image: Uint8Array, label: Uint8Array, size: Size, scene: Scene): void {
  const { camera, look } = scene;
  const random = randomFrom(...scene.noiseKey, 1);
  const [ox, oy] = [random.range(0, SIDE), random.range(0, SIDE)];
  const unit = Math.max(size.width / CANVAS.width, size.height / CANVAS.height);
  const left = (size.width / unit - CANVAS.width) / 2;
  const top = (size.height / unit - CANVAS.height) / 2;
  for (let row = 0; row < size.height; row++) {
    const y = (row + 0.5) / unit - top;
    const below = Math.max(4, y - camera.horizon);
    const z = (camera.focal * camera.height) / below;
    for (let column = 0; column < size.width; column++) {
      const i = row * size.width + column;
      const id = label[i] as number;
      const ground = GROUND[id];
      const upright = UPRIGHT[id];
      if (ground === undefined && upright === undefined) continue;
      const x = (column + 0.5) / unit - left;
      let change: number;
      if (ground !== undefined) {
        const across = ((x - camera.center) * z) / camera.focal;
        const fine = noise(across * 5 + ox, z * 2.5 + oy) * Math.min(1, 14 / z);
        const coarse = noise(across * 0.7 + oy, z * 0.25 + ox);
        change = ground * (0.55 * fine + 0.75 * coarse);
      } else {
        const fine = noise(x * 0.22 + ox, y * 0.22 + oy);
        const coarse = noise(x * 0.045 + oy, y * 0.045 + ox);
        change = (upright as number) * (0.7 * fine + 0.6 * coarse);
      }
      const factor = 1 + change * look.grain;
      for (let k = 3 * i; k < 3 * i + 3; k++)
        image[k] = Math.min(255, (image[k] as number) * factor);
    }
  }
}
