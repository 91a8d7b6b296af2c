import { hashDistance, NEAR } from "./picture-hash.js";

/** What is known of an unlabelled image. */
export interface Description {
  /** Mean entropy of the predictions, 0 certain, 1 uniform. */
  readonly entropy: number;
  /**
   * Mean over the predicted classes of 1 - the cosine between their mean feature and the class's source
   * prototype; undefined if the run has no prototypes.
   */
  readonly novelty?: number | undefined;
  /** The mean feature, of unit length. */
  readonly feature: Float32Array;
  readonly hash: bigint;
}

/** A chosen image. */
export interface Choice {
  /** Index of the image. */
  readonly index: number;
  /** `informative` times `distance`. */
  readonly score: number;
  /** Rank of entropy and novelty among all images, 0..1. */
  readonly informative: number;
  /** 1 - the largest cosine between its feature and that of an image chosen before, at most 1; 1 for the first. */
  readonly distance: number;
}

/** The choice, in order, and the images that were left out because they show the view of a chosen one. */
export interface Ranking {
  readonly choices: readonly Choice[];
  readonly nearDuplicates: number;
}

/**
 * Chooses up to `count` images to label, the best first. Each choice has the largest product of
 *
 * - how informative it is: its rank by the entropy of the predictions (Settles, Active Learning Literature
 *   Survey, 2009, section 3.1), averaged with its rank by the distance of its classes' features from the
 *   source's prototypes, that is, by how little the source's labels cover it (Ning et al., Multi-Anchor
 *   Active Domain Adaptation for Semantic Segmentation, ICCV 2021, arXiv 2108.08012);
 * - how far it is from what has been chosen: k-center greedy on features (Sener and Savarese, Active
 *   Learning for Convolutional Neural Networks: A Core-Set Approach, ICLR 2018, arXiv 1708.00489).
 *
 * An image of nearly the same picture as a chosen one is left out. The product and the ranks, which need no
 * scale, are ours. Of equal images, the first is chosen: the same images give the same choice.
 */
export function rank(images: readonly Description[], count: number): Ranking {
  const informative = informativeness(images);
  const distance = new Float64Array(images.length).fill(1);
  const open = new Set(images.keys());
  const choices: Choice[] = [];
  let nearDuplicates = 0;
  while (choices.length < count && open.size > 0) {
    const score = (i: number) => (informative[i] as number) * (distance[i] as number);
    let index = -1;
    for (const i of open) if (index < 0 || score(i) > score(index)) index = i;
    choices.push({
      ...{ index, score: score(index) },
      ...{ informative: informative[index] as number, distance: distance[index] as number },
    });
    const chosen = images[index] as Description;
    open.delete(index);
    for (const i of open) {
      const { feature, hash } = images[i] as Description;
      distance[i] = Math.min(distance[i] as number, 1 - cosine(feature, chosen.feature));
      if (hashDistance(hash, chosen.hash) > NEAR) continue;
      open.delete(i);
      nearDuplicates++;
    }
  }
  return { choices, nearDuplicates };
}

function informativeness(images: readonly Description[]): number[] {
  const entropy = ranks(images.map((image) => image.entropy));
  const known = images.flatMap(({ novelty }) => (novelty === undefined ? [] : [novelty]));
  if (known.length < images.length) return entropy;
  const novelty = ranks(known);
  return entropy.map((value, i) => (value + (novelty[i] as number)) / 2);
}

/** The share of the values that each is not less than, 0..1; equal values have the same. */
function ranks(values: readonly number[]): number[] {
  const sorted = [...values].sort((a, b) => a - b);
  const last = new Map(sorted.map((value, i) => [value, i + 1]));
  return values.map((value) => (last.get(value) as number) / values.length);
}

/** Of vectors of unit length. */
function cosine(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (const [i, value] of a.entries()) sum += value * (b[i] as number);
  return sum;
}
