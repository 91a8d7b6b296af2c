import { z } from "zod";
import type { Dataset, Size } from "./dataset.js";
import { ordered } from "./loader.js";
import { randomFrom } from "./random.js";

/** How source images are drawn. */
export const samplingSchema = z.strictObject({
  /** Draw a class first, rare ones more often, then one of its images; else every image once per epoch. */
  rareClasses: z.boolean().default(false),
  /** Smoothness of the class probabilities: 0.01 as published; large values make them equal. */
  temperature: z.number().positive().default(0.01),
  /** Least share of an image's labelled pixels with which it counts as an image of a class. */
  leastShare: z.number().min(0).max(1).default(0.003),
});

export type Sampling = z.infer<typeof samplingSchema>;

/** Pixels per image and class: [images][classes]. */
export type ClassStatistics = readonly (readonly number[])[];

/** Counts the pixels of each class in every image of a labelled set, at `size`. */
export async function classStatistics(
  dataset: Dataset,
  size: Size,
  onImage?: (done: number, total: number) => void,
): Promise<ClassStatistics> {
  const classes = dataset.classes.names.length;
  const statistics: number[][] = [];
  for await (const { label = [] } of ordered(dataset, size)) {
    const counts = new Array<number>(classes).fill(0);
    for (const id of label) if (id < classes) counts[id] = (counts[id] as number) + 1;
    statistics.push(counts);
    onImage?.(statistics.length, dataset.names.length);
  }
  return statistics;
}

/**
 * The probability of drawing each class: P(c) ~ exp((1 - f_c) / T), f_c its share of all pixels.
 * Classes that do not occur are never drawn. Hoyer et al., DAFormer, CVPR 2022, eq. 8-9.
 */
export function classProbabilities(statistics: ClassStatistics, temperature: number): number[] {
  const classes = statistics[0]?.length ?? 0;
  const sums = Array.from({ length: classes }, (_, c) =>
    statistics.reduce((sum, counts) => sum + (counts[c] as number), 0),
  );
  const total = sums.reduce((a, b) => a + b, 0);
  const least = Math.min(...sums.filter((sum) => sum > 0));
  // Relative to the rarest, so that small temperatures do not overflow.
  const weights = sums.map((sum) => (sum > 0 ? Math.exp((least - sum) / total / temperature) : 0));
  const whole = weights.reduce((a, b) => a + b, 0);
  return weights.map((weight) => (whole > 0 ? weight / whole : 0));
}

/**
 * An endless stream of image indices: draws a class by its probability, then one of its images. Element k
 * depends on the statistics, the options, seed and k only, so a stream can resume anywhere.
 */
export function rareClassSampler(
  statistics: ClassStatistics,
  seed: number,
  { temperature, leastShare }: Sampling,
): (k: number) => number {
  const probabilities = classProbabilities(statistics, temperature);
  const images = probabilities.map((_, c) => imagesOfClass(statistics, c, leastShare));
  return (k) => {
    const random = randomFrom(seed, k);
    let rest = random.between(0, 1);
    const drawn = probabilities.findIndex((p) => {
      rest -= p;
      return rest < 0;
    });
    // -1 if nothing is labelled, or by a rounding error.
    const own = images[drawn] ?? statistics.map((_, i) => i);
    return own[random.below(own.length)] as number;
  };
}

/** Images in which class c has `leastShare` of the labelled pixels; if there are none, all that show it. */
function imagesOfClass(statistics: ClassStatistics, c: number, leastShare: number): number[] {
  const indices = statistics.map((_, i) => i);
  const share = (i: number) => {
    const counts = statistics[i] as readonly number[];
    const labelled = counts.reduce((a, b) => a + b, 0);
    return labelled > 0 ? (counts[c] as number) / labelled : 0;
  };
  const shown = indices.filter((i) => share(i) > 0);
  const many = shown.filter((i) => share(i) >= leastShare);
  return many.length > 0 ? many : shown;
}
