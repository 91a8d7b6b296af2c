import { z } from "zod";
import { weightedSegmentationLoss } from "../../network/index.js";
import { noGrad, rand, scope, type Tensor, upload, upsampleNearest } from "../../torch/index.js";
import type { MethodContext } from "../method.js";
import type { WeightedLosses } from "./backpropagate.js";
import type { Labelled } from "./class-mix.js";
import { predict } from "./supervised.js";

/** Options of masked image consistency. The defaults are the published ones. */
export const maskOptions = z.strictObject({
  /** Fraction of the blocks that are masked. */
  ratio: z.number().min(0).max(1).default(0.7),
  /** Side of a block as a fraction of the image's height: 64 pixels of 1024. */
  block: z.number().gt(0).max(1).default(0.0625),
  /** Weight of the loss; for the auxiliary head, `aux` times this. */
  weight: z.number().min(0).default(1),
});

export type MaskOptions = z.infer<typeof maskOptions>;

/**
 * Sets random square blocks of normalised images [N, 3, H, W] to 0, the mean colour. Draws from libtorch's
 * generator. Hoyer et al., MIC, CVPR 2023, eq. 4-5.
 */
export function maskBlocks(images: Tensor, { ratio, block }: Omit<MaskOptions, "weight">): Tensor {
  return noGrad(() =>
    scope(() => {
      const [n, , height, width] = images.shape as [number, number, number, number];
      const side = Math.max(1, block * height);
      const count = (length: number) => Math.max(1, Math.round(length / side));
      const kept = rand([n, 1, count(height), count(width)]).gt(ratio);
      const mask = upload(kept.to({ dtype: "float32" }), images.device);
      return images.mul(upsampleNearest(mask, height, width));
    }),
  );
}

/**
 * Cross-entropy of both heads on masked images against the teacher's labels for the whole images: the
 * student has to infer masked pixels from their context.
 * @param seen the images before masking, augmented for the student
 */
export function maskedLosses(
  context: MethodContext,
  { labels, weights }: Pick<Labelled, "labels" | "weights">,
  seen: Tensor,
  { aux: auxWeight, ...mask }: MaskOptions & { readonly aux: number },
): WeightedLosses {
  const { main, aux } = predict(context, maskBlocks(seen, mask));
  return {
    "target/masked": [mask.weight, weightedSegmentationLoss(main, labels, weights)],
    "target/maskedAux": [mask.weight * auxWeight, weightedSegmentationLoss(aux, labels, weights)],
  };
}
