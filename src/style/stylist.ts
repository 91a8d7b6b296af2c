import type { Dataset, Sample, Size } from "../datasets/dataset.js";
import { randomFrom } from "../datasets/random.js";
import { permutation } from "../datasets/sampler.js";
import { dispose, keep, noGrad, scope, type Tensor } from "../torch/index.js";
import { coral } from "./coral.js";
import { average, lookAt, pixelsOf, restyle, type Style } from "./style.js";

export interface StyleChoice {
  /** Style images whose statistics are averaged for one content image; the reference has 4. */
  readonly images: number;
  /** Size at which style images are looked at; their own where undefined. */
  readonly size: Size | undefined;
  readonly seed: number;
}

/** How a stylist chooses style images and how far it goes. */
export interface StylistOptions extends StyleChoice {
  /** 0 leaves the content as it is, 1 takes the style whole. */
  readonly alpha: number;
  /** Give style images the content's colours first (CORAL), so that these stay. */
  readonly preserveColor?: boolean;
}

/** Restyles samples by images that are drawn anew for each. */
export interface Stylist {
  /** The same sample and `key` give the same picture. */
  (content: Sample, key: number): Promise<Sample>;
  dispose(): void;
}

/** A stylist that draws from all images of `styles`; what it has looked at once, it remembers. */
export function createStylist(
  style: Style,
  styles: Dataset,
  { alpha, images, size, seed, preserveColor = false }: StylistOptions,
): Stylist {
  const known = new Map<number, Tensor[]>();
  async function statisticsOf(index: number): Promise<Tensor[]> {
    const found = known.get(index);
    if (found) return found;
    const sample = await styles.load(index, size);
    const made = known.get(index) ?? lookAt(style, sample);
    known.set(index, made);
    return made;
  }
  async function recolored(index: number, content: Sample): Promise<Tensor[]> {
    const image = await styles.load(index, size);
    return noGrad(() =>
      keep(
        scope(() => {
          const colors = coral.statistics(pixelsOf(content));
          return style.statistics(coral.apply(pixelsOf(image), colors, 1));
        }),
      ),
    );
  }
  const stylist = async (content: Sample, key: number) => {
    const random = randomFrom(seed, key);
    const chosen = Array.from({ length: images }, () => random.below(styles.names.length));
    const statistics = preserveColor
      ? await Promise.all(chosen.map((index) => recolored(index, content)))
      : await Promise.all(chosen.map(statisticsOf));
    const result = scope(() =>
      restyle(
        style,
        content,
        noGrad(() => average(statistics)),
        alpha,
      ),
    );
    if (preserveColor) dispose(statistics); // they belong to this content
    return result;
  };
  return Object.assign(stylist, {
    dispose() {
      for (const statistics of known.values()) for (const part of statistics) part.dispose();
      known.clear();
    },
  });
}

const COMMON = -1; // a place in no stream

/**
 * One look for all images of both domains: the mean statistics of images drawn from `styles`, as the
 * reference restyles both towards one set. The caller disposes it.
 */
export async function commonStatistics(
  style: Style,
  styles: Dataset,
  { images, size, seed }: StyleChoice,
): Promise<Tensor[]> {
  const order = permutation(styles.names.length, seed, COMMON);
  const looks: Tensor[][] = [];
  for (const index of order.subarray(0, images)) {
    looks.push(lookAt(style, await styles.load(index, size)));
  }
  const mean = noGrad(() => keep(scope(() => average(looks).map((part) => part.clone()))));
  dispose(looks);
  return mean;
}
