import {
  copyInto,
  keep,
  noGrad,
  scope,
  type Tensor,
  type TensorMap,
  where,
  zeros,
} from "../torch/index.js";
import type { ClassMeans } from "./class-means.js";

/** Rows of [C, D], scaled to unit length; zero rows stay zero. */
export function normalizeRows(rows: Tensor): Tensor {
  return rows.div(rows.norm(1, true).clampMin(1e-12));
}

/**
 * One prototype (unit vector) per class: C x D numbers, whatever the number of images. A class that
 * was never seen has no prototype, and takes no part in losses until its first batch.
 */
export class MemoryBank {
  /** float32 [C, D]; rows of unit length, or zero for classes that were never seen. */
  readonly prototypes: Tensor;

  constructor(
    readonly classes: number,
    readonly featureSize: number,
    device = "cpu",
  ) {
    this.prototypes = keep(zeros([classes, featureSize], { device }));
  }

  /** bool [C]: which classes have a prototype. */
  get seen(): Tensor {
    return scope(() => this.prototypes.norm(1).gt(0));
  }

  /** Indices of the classes without a prototype. */
  get unseen(): number[] {
    return scope(() => this.seen.numbers().flatMap((seen, k) => (seen ? [] : [k])));
  }

  /** The two classes with the most similar prototypes, and their cosine; undefined with fewer than two. */
  closest(): readonly [number, number, number] | undefined {
    return scope(() => {
      const own = this.prototypes;
      const cosines = own.matmul(own.transpose(0, 1)).numbers();
      const seen = this.seen.numbers().flatMap((is, k) => (is ? [k] : []));
      const pairs = seen.flatMap((a, i) => seen.slice(i + 1).map((b) => [a, b] as const));
      return pairs
        .map(([a, b]) => [a, b, cosines[a * this.classes + b] as number] as const)
        .reduce<readonly [number, number, number] | undefined>(
          (most, pair) => (most && most[2] >= pair[2] ? most : pair),
          undefined,
        );
    });
  }

  /**
   * M[k] <- normalise(momentum M[k] + (1 - momentum) normalise(mean_k)) for the classes in the
   * batch; the others stay exactly the same. The first mean of a class is its first prototype.
   * arXiv 2103.12371, fine alignment. Call it after the losses are computed.
   */
  update({ means, counts }: ClassMeans, momentum = 0.9): void {
    noGrad(() =>
      scope(() => {
        const fresh = normalizeRows(means);
        const blended = normalizeRows(
          this.prototypes.mul(momentum).addInPlace(fresh, 1 - momentum),
        );
        const moved = where(this.seen.unsqueeze(1), blended, fresh);
        copyInto(this.prototypes, where(counts.gt(0).unsqueeze(1), moved, this.prototypes));
      }),
    );
  }

  /** Replaces all prototypes with the normalised means; absent classes become unseen. */
  initialize(means: Tensor): void {
    noGrad(() => scope(() => copyInto(this.prototypes, normalizeRows(means))));
  }

  /** The prototypes under `name`, for a checkpoint. */
  save(name: string): TensorMap {
    return new Map([[name, this.prototypes]]);
  }

  dispose(): void {
    this.prototypes.dispose();
  }
}
