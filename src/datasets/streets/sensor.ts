import sharp from "sharp";
import type { Size } from "../dataset.js";
import { randomFrom } from "./random.js";
import type { Scene } from "./scene.js";

/**
 * The effects of a cheap camera: lens blur, exposure, white balance, contrast, vignette, noise that is
 * stronger in shadows, JPEG. Strengths are for 320 pixels of width and scale with the size. Scenes without a
 * sensor do not change.
 */
export async function exposeImage(
  image: Uint8Array,
  size: Size,
  scene: Scene,
): Promise<Uint8Array> {
  const { sensor } = scene.look;
  if (!sensor) return image;
  const raw = { raw: { width: size.width, height: size.height, channels: 3 } } as const;
  const sigma = Math.max(0.3, (sensor.blur * size.width) / 320);
  const soft = new Uint8Array(await sharp(image, raw).blur(sigma).raw().toBuffer());
  const random = randomFrom(...scene.noiseKey, 2);
  const [cx, cy] = [size.width / 2, size.height / 2];
  const reach = cx * cx + cy * cy;
  const metered = sensor.exposure * meter(soft);
  const [dx, dy] = [random.int(0, SIDE - 1), random.int(0, SIDE - 1)];
  for (let y = 0, i = 0; y < size.height; y++) {
    // Each row starts at a random place in the tile, so that its period is not visible.
    let at = (((y + dy) % SIDE) * SIDE + dx + random.int(0, SIDE - 1)) % TILE.length;
    for (let x = 0; x < size.width; x++) {
      const r2 = ((x - cx) ** 2 + (y - cy) ** 2) / reach;
      const gain = metered * (1 - sensor.vignette * r2);
      // Mostly the same noise in all channels, as after demosaicing.
      const shared = TILE[at] as number;
      for (let c = 0; c < 3; c++, i++) {
        at = at + 1 === TILE.length ? 0 : at + 1;
        const lit = (soft[i] as number) * gain * (sensor.gains[c] as number);
        const graded = 118 + (lit - 118) * sensor.contrast;
        const level = sensor.noise * (1.25 - Math.min(1, graded / 255) * 0.7);
        const value = graded + level * (0.8 * shared + 0.4 * (TILE[at] as number));
        soft[i] = value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value);
      }
    }
  }
  const jpeg = await sharp(soft, raw).jpeg({ quality: sensor.jpeg }).toBuffer();
  return new Uint8Array(await sharp(jpeg).raw().toBuffer());
}

/** Automatic exposure: moves the mean green most of the way to a middle grey. */
function meter(image: Uint8Array): number {
  let sum = 0;
  for (let i = 1; i < image.length; i += 3) sum += image[i] as number;
  return (118 / Math.max(20, (3 * sum) / image.length)) ** 0.7;
}

const SIDE = 256;

// Approximately normal noise with unit variance.
const TILE = (() => {
  const random = randomFrom(8);
  return Float32Array.from(
    { length: SIDE * SIDE },
    () => (random.next() + random.next() + random.next() - 1.5) * 2,
  );
})();
