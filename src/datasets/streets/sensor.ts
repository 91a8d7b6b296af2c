import sharp from "sharp";
import type { Size } from "../dataset.js";
import { randomFrom } from "./random.js";
import type { Scene } from "./scene.js";

/**
 * What a cheap camera does to the light: lens blur, exposure, white balance, contrast, vignette,
 * noise that grows in the shadows, JPEG. Strengths are stated for 320 pixels of width and scale
 * with the size. Scenes without a sensor pass unchanged.
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
  for (let y = 0, i = 0; y < size.height; y++) {
    for (let x = 0; x < size.width; x++) {
      const r2 = ((x - cx) ** 2 + (y - cy) ** 2) / reach;
      const gain = sensor.exposure * (1 - sensor.vignette * r2);
      // Noise shared by the channels, and a little of their own: sensor and demosaicing.
      const shared = gauss(random.next(), random.next());
      for (let c = 0; c < 3; c++, i++) {
        const lit = (soft[i] as number) * gain * (sensor.gains[c] as number);
        const graded = 118 + (lit - 118) * sensor.contrast;
        const own = random.next() * 2 - 1;
        const level = sensor.noise * (1.25 - Math.min(1, graded / 255) * 0.7);
        const value = graded + level * (0.8 * shared + 0.6 * own);
        soft[i] = value <= 0 ? 0 : value >= 255 ? 255 : Math.round(value);
      }
    }
  }
  const jpeg = await sharp(soft, raw).jpeg({ quality: sensor.jpeg }).toBuffer();
  return new Uint8Array(await sharp(jpeg).raw().toBuffer());
}

/** Nearly normal with unit variance: cheap, and the tails are cut anyway. */
function gauss(a: number, b: number): number {
  return (a + b - 1) * 2.45;
}
