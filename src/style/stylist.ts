import type { Dataset, Sample, Size } from "../datasets/dataset.js";
import { randomFrom } from "../datasets/random.js";
import { permutation } from "../datasets/sampler.js";
import { dispose, keep, noGrad, scope, type Tensor } from "../torch/index.js";
import { coral } from "./coral.js";
import { average, lookAt, pixelsOf, requireSize, restyle, type Style } from "./style.js";

export interface StyleChoice {
  /** Style images whose statistics are averaged for one content image; the reference uses 4. */
  readonly images: number;
  /** Size of the style images; their own if undefined. */
  readonly size: Size | undefined;
  readonly seed: number;
}

/** How a stylist chooses style images, and how strongly it applies them. */
export interface StylistOptions extends StyleChoice {
  /** 0 keeps the content unchanged, 1 applies the style fully. */
  readonly alpha: number;
  /** Preserves the content's colours: style images get them first (CORAL). */
  readonly preserveColor?: boolean;
  /** Most bytes of statistics to cache; 256 MiB by default. */
  readonly cacheBytes?: number;
}

/** Bytes of a number. */
const FLOAT32 = 4;

/** Restyles samples with randomly drawn style images. */
export interface Stylist {
  /** The same sample and `key` give the same image. */
  (content: Sample, key: number): Promise<Sample>;
  dispose(): void;
}

/** A stylist that draws from all images of `styles`. It caches their statistics until the budget is used. */
export function createStylist(style: Style, styles: Dataset, options: StylistOptions): Stylist {
  const { alpha, images, size, seed, preserveColor = false, cacheBytes = 256 * 2 ** 20 } = options;
  const known = new Map<number, Tensor[]>();
  let bytes = 0;
  /** The statistics of a style image; in `passing`, too, if they are not cached. */
  async function statisticsOf(index: number, passing: Tensor[][]): Promise<Tensor[]> {
    const found = known.get(index);
    if (found) return found;
    const sample = await styles.load(index, size);
    const meanwhile = known.get(index);
    if (meanwhile) return meanwhile;
    const made = lookAt(style, sample);
    const needed = made.reduce((sum, { shape }) => sum + shape.reduce((a, b) => a * b, FLOAT32), 0);
    if (bytes + needed > cacheBytes) {
      passing.push(made);
      return made;
    }
    bytes += needed;
    known.set(index, made);
    return made;
  }
  /** The statistics of a style image in the colours of the content; they end with the caller's scope. */
  function recolored(image: Sample, content: Sample): Tensor[] {
    requireSize(style, image);
    const colors = coral.statistics(pixelsOf(content));
    return style.statistics(coral.apply(pixelsOf(image), colors, 1));
  }
  const stylist = async (content: Sample, key: number) => {
    const random = randomFrom(seed, key);
    const chosen = Array.from({ length: images }, () => random.below(styles.names.length));
    const drawn = preserveColor
      ? await Promise.all(chosen.map((index) => styles.load(index, size)))
      : [];
    const passing: Tensor[][] = [];
    try {
      const looks = preserveColor
        ? []
        : await Promise.all(chosen.map((index) => statisticsOf(index, passing)));
      return scope(() => {
        const mean = noGrad(() =>
          average([...looks, ...drawn.map((image) => recolored(image, content))]),
        );
        return restyle(style, content, mean, alpha);
      });
    } finally {
      dispose(passing);
    }
  };
  return Object.assign(stylist, {
    dispose() {
      for (const statistics of known.values()) for (const part of statistics) part.dispose();
      known.clear();
    },
  });
}

const COMMON = -1; // not a position in a stream

/**
 * Statistics for all images of both domains: the mean over images drawn from `styles`, as in the
 * reference. The caller disposes them.
 */
export async function commonStatistics(
  style: Style,
  styles: Dataset,
  { images, size, seed }: StyleChoice,
): Promise<Tensor[]> {
  const order = permutation(styles.names.length, seed, COMMON);
  const looks: Tensor[][] = [];
  try {
    for (const index of order.subarray(0, images)) {
      looks.push(lookAt(style, await styles.load(index, size)));
    }
    return noGrad(() => keep(scope(() => average(looks).map((part) => part.clone()))));
  } finally {
    dispose(looks);
  }
}
