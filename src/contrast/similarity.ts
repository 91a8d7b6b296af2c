import { scope, type Tensor } from "../torch/index.js";

/** Features [N, D, h, w] -> [N, D, P]: a view, pixels last. */
export function pixels(features: Tensor): Tensor {
  return features.reshape(features.size(0), features.size(1), -1);
}

/**
 * Cosine of every feature [N, D, h, w] with every unit prototype [C, D] -> float32 [N, C, P].
 * The product is divided by the lengths of the features, which avoids a normalised copy of them.
 */
export function cosines(features: Tensor, prototypes: Tensor): Tensor {
  return scope(() => {
    const columns = pixels(features).to({ dtype: "float32" });
    return prototypes.matmul(columns).div(columns.norm(1, true).clampMin(1e-12));
  });
}

/** Euclidean distance of every feature [N, D, h, w] to every prototype [C, D] -> [N, C, P]. */
export function distances(features: Tensor, prototypes: Tensor): Tensor {
  return scope(() => {
    const columns = pixels(features).to({ dtype: "float32" });
    const squared = prototypes
      .matmul(columns)
      .mulInPlace(-2)
      .addInPlace(columns.pow(2).sum(1, true))
      .addInPlace(prototypes.pow(2).sum(1).reshape(1, -1, 1));
    return squared.clampMin(0).sqrt();
  });
}
