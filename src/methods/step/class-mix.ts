import { IGNORE } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import { noGrad, rand, scope, stack, type Tensor, tensor, where } from "../../torch/index.js";

/** Images [N, 3, H, W], labels int64 [N, H, W], and the weight of each pixel's label [N, H, W]. */
export interface Labelled {
  readonly images: Tensor;
  readonly labels: Tensor;
  readonly weights: Tensor;
}

/**
 * Pastes a random half of the classes of each source image into the target image with the same index in the
 * batch, with labels and weights. Tranheden et al., DACS, WACV 2021, after ClassMix (Olsson et al., WACV
 * 2021). Draws from libtorch's generator.
 * @throws UserError if the sizes of the domains differ
 */
export function classMix(source: Labelled, target: Labelled, classes: number): Labelled {
  const sizes = [source, target].map(({ images }) => images.shape.slice(2).reverse().join("x"));
  if (sizes[0] !== sizes[1]) {
    throw new UserError(
      "size-mismatch",
      `self-training pastes source pixels into target images, but these differ in size (${sizes.join(", ")}); ` +
        "make sizes.source and sizes.target equal",
    );
  }
  return noGrad(() =>
    scope(() => {
      const pasted = pastedPixels(source.labels, classes); // [N, H, W]
      return {
        images: where(pasted.unsqueeze(1), source.images, target.images),
        labels: where(pasted, source.labels, target.labels),
        weights: where(pasted, source.weights, target.weights),
      };
    }),
  );
}

/** Labels int64 [N, H, W] -> bool [N, H, W]: the pixels of half (rounded up) of an image's classes. */
function pastedPixels(labels: Tensor, classes: number): Tensor {
  return scope(() => {
    const masks = Array.from({ length: labels.size(0) }, (_, n) => {
      const map = labels.select(0, n);
      const flat = map.reshape(-1);
      const known = flat.maskedFill(flat.eq(IGNORE), classes); // IGNORE as one more class, never drawn
      const counts = known.bincount(classes + 1).numbers();
      const lots = rand([classes]).numbers();
      const present = lots
        .flatMap((lot, k) => ((counts[k] as number) > 0 ? [{ lot, k }] : []))
        .sort((a, b) => a.lot - b.lot);
      const isDrawn = new Uint8Array(classes + 1);
      for (const { k } of present.slice(0, Math.ceil(present.length / 2))) isDrawn[k] = 1;
      const chosen = tensor(isDrawn).to({ device: labels.device }).indexSelect(0, known);
      return chosen.gt(0).reshape(...map.shape);
    });
    return stack(masks);
  });
}
