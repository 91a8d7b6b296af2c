import { IGNORE } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import {
  arange,
  cat,
  noGrad,
  rand,
  scope,
  stack,
  type Tensor,
  upload,
  where,
  zeros,
} from "../../torch/index.js";

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

/** A random half (rounded up) of the classes that are present, bool [C]: those with the smallest random numbers. */
function drawnHalf(present: Tensor): Tensor {
  const { device } = present;
  const classes = present.size(0);
  // Random numbers are multiples of 2^-24: the small addend orders equal ones by class.
  const order = arange(classes, { dtype: "float64" }).mul(2 ** -40);
  const lots = upload(rand([classes]).to({ dtype: "float64" }).add(order), device);
  const own = lots.maskedFill(present.not(), 2); // after all others
  const rank = own.unsqueeze(0).lt(own.unsqueeze(1)).sum(1); // [C]
  return rank.mul(2).lt(present.sum()).and(present);
}

/** Labels int64 [N, H, W] -> bool [N, H, W]: the pixels of half (rounded up) of an image's classes. */
function pastedPixels(labels: Tensor, classes: number): Tensor {
  return scope(() => {
    const masks = Array.from({ length: labels.size(0) }, (_, n) => {
      const map = labels.select(0, n);
      const flat = map.reshape(-1);
      const known = flat.maskedFill(flat.eq(IGNORE), classes); // IGNORE as one more class, never drawn
      const present = known
        .bincount(classes + 1)
        .slice(0, 0, classes)
        .gt(0);
      const isDrawn = cat([drawnHalf(present), zeros([1], { dtype: "bool", device: map.device })]);
      return isDrawn.indexSelect(0, known).reshape(...map.shape);
    });
    return stack(masks);
  });
}
