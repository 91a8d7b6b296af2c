import sharp from "sharp";
import { z } from "zod";
import type { Sample } from "./dataset.js";
import { resizeNearest } from "./files/labels.js";
import { mirrored } from "./mirror.js";
import { randomFrom } from "./random.js";
import { resized } from "./resized.js";
import type { Workers } from "./workers.js";

/** A Gaussian of this deviation in pixels is the least that libvips can tell from none. */
export const LEAST_BLUR = 0.3;

/** Random changes that keep image and label map in step. Off unless asked for. */
export const augmentSchema = z.strictObject({
  /** Mirror every other image. */
  flip: z.boolean().default(false),
  /** Side of the random crop that is enlarged to the whole, as a share: drawn from [crop, 1]. */
  crop: z.number().min(0.1).max(1).default(1),
  /** Brightness, contrast and saturation by factors within 1 - jitter .. 1 + jitter. */
  jitter: z.number().min(0).max(0.9).default(0),
  /** Deviation of a Gaussian blur in pixels, at most; every other image. */
  blur: z.number().min(0).max(10).default(0),
});

export type Augmentation = z.infer<typeof augmentSchema>;

/**
 * The changes of sample `k` of the stream that `seed` names.
 * @param workers compute them, if given
 */
export function augmenting(options: Augmentation, seed: number, workers?: Workers) {
  const { flip, crop, jitter, blur } = options;
  const changes = flip || crop < 1 || jitter > 0 || blur > 0;
  return async (sample: Sample, k: number): Promise<Sample> => {
    const found = changes && (await workers?.run("augment", { sample, options, seed, k }));
    return found ? (found as Sample) : augmented(sample, options, seed, k);
  };
}

/** Sample `k` of the stream that `seed` names, changed. */
export async function augmented(
  sample: Sample,
  options: Augmentation,
  seed: number,
  k: number,
): Promise<Sample> {
  const random = randomFrom(seed, k);
  const cropped = crop(sample, random.between(options.crop, 1), random);
  const colored = options.jitter > 0 ? jitterColors(cropped, options.jitter, random) : cropped;
  const blurred =
    options.blur > 0 && random.chance(0.5)
      ? await blur(colored, random.between(0, options.blur))
      : colored;
  return options.flip && random.chance(0.5) ? mirrored(blurred) : blurred;
}

type Random = ReturnType<typeof randomFrom>;

const raw = ({ width, height }: Sample) => ({ raw: { width, height, channels: 3 as const } });

/** A window of `share` of both sides, enlarged to the sample's size. */
function crop(sample: Sample, share: number, random: Random): Sample {
  const { width, height, image, label } = sample;
  const window = { width: Math.round(width * share), height: Math.round(height * share) };
  if (window.width === width && window.height === height) return sample;
  const left = random.below(width - window.width + 1);
  const top = random.below(height - window.height + 1);
  const part = (data: Uint8Array, channels: number) => {
    const rows = Array.from({ length: window.height }, (_, y) => {
      const from = ((top + y) * width + left) * channels;
      return data.subarray(from, from + window.width * channels);
    });
    return Buffer.concat(rows);
  };
  const enlarged = resized({ ...window, data: part(image, 3) }, sample);
  const result = { ...sample, image: new Uint8Array(enlarged.data.buffer) };
  if (!label) return result;
  return { ...result, label: resizeNearest(part(label, 1), window, sample) };
}

/** Brightness, contrast around the mean grey and saturation, each by a factor of its own. */
function jitterColors(sample: Sample, most: number, random: Random): Sample {
  const { image } = sample;
  const factor = () => random.between(1 - most, 1 + most);
  const [brightness, contrast, saturation] = [factor(), factor(), factor()];
  let sum = 0;
  for (const value of image) sum += value;
  const offset = (sum / image.length) * brightness * (1 - contrast);
  const gain = brightness * contrast;
  const result = new Uint8ClampedArray(image.length);
  for (let i = 0; i < image.length; i += 3) {
    const [r, g, b] = [image[i] as number, image[i + 1] as number, image[i + 2] as number];
    const grey = 0.299 * r + 0.587 * g + 0.114 * b;
    const rest = grey * (1 - saturation);
    result[i] = (r * saturation + rest) * gain + offset;
    result[i + 1] = (g * saturation + rest) * gain + offset;
    result[i + 2] = (b * saturation + rest) * gain + offset;
  }
  return { ...sample, image: new Uint8Array(result.buffer) };
}

async function blur(sample: Sample, deviation: number): Promise<Sample> {
  if (deviation < LEAST_BLUR) return sample;
  const blurred = await sharp(sample.image, raw(sample)).blur(deviation).raw().toBuffer();
  return { ...sample, image: new Uint8Array(blurred) };
}
