import { IGNORE } from "../datasets/dataset.js";
import { oneHot, type ProcessGroup, scope, type Tensor, upsampleNearest } from "../torch/index.js";

/** Per class the mean feature [C, D] (0 if the class is absent) and the number of pixels [C]. */
export interface ClassMeans {
  readonly means: Tensor;
  readonly counts: Tensor;
}

/** Label maps int64 [N, H, W], resized by nearest neighbour: int64 [N, height, width]. */
export function labelsAt(labels: Tensor, height: number, width: number): Tensor {
  return scope(() =>
    upsampleNearest(labels.unsqueeze(1).to({ dtype: "float32" }), height, width)
      .squeeze(1)
      .to({ dtype: "int64" }),
  );
}

/** Labels int64 [N, ...] -> one-hot float32 [N, C, pixels], 0 for ignored pixels. */
function membership(labels: Tensor, classes: number): Tensor {
  const flat = labels.reshape(labels.size(0), -1);
  const ignored = flat.eq(IGNORE);
  const counted = oneHot(flat.maskedFill(ignored, classes), classes + 1); // [N, pixels, C + 1]
  return counted.slice(2, 0, classes).transpose(1, 2).to({ dtype: "float32" });
}

/**
 * The mean of features [N, D, h, w] over each class of labels int64 [N, h, w], for all classes in
 * one matrix product, without gradients.
 */
export function classMeans(features: Tensor, labels: Tensor, classes: number): ClassMeans {
  return scope(() => {
    const members = membership(labels, classes); // [N, C, P]
    const rows = features.detach().reshape(features.size(0), features.size(1), -1); // [N, D, P]
    const sums = members.matmul(rows.to({ dtype: "float32" }).transpose(1, 2)).sum(0); // [C, D]
    const counts = members.sum([0, 2]); // [C]
    return { means: sums.div(counts.clampMin(1).unsqueeze(1)), counts };
  });
}

/** The class means over the pixels of all ranks, the same in each rank. */
export function pooled({ means, counts }: ClassMeans, group: ProcessGroup): ClassMeans {
  if (group.size === 1) return { means, counts };
  return scope(() => {
    const sums = means.mul(counts.unsqueeze(1)); // [C, D]
    const all = counts.clone(); // [C]
    group.sum([sums, all]);
    return { means: sums.div(all.clampMin(1).unsqueeze(1)), counts: all };
  });
}
