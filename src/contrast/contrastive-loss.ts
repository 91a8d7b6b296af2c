import { IGNORE } from "../datasets/dataset.js";
import { crossEntropy, noGrad, scope, type Tensor } from "../torch/index.js";
import type { MemoryBank } from "./memory-bank.js";
import { cosines } from "./similarity.js";

// Finite, so that an excluded class has probability 0 but the gradient stays finite; far below every cosine
// divided by a temperature.
const EXCLUDED = -1e30;

/**
 * C(f, y, M): cross-entropy of the cosines of features [N, D, h, w] with the bank's prototypes over
 * `temperature` against labels int64 [N, h, w], mean over the pixels that have a label and whose
 * class has a prototype; 0 without such pixels. The bank gets no gradient and is not changed.
 * arXiv 2103.12371, fine alignment.
 */
export function contrastiveLoss(
  features: Tensor,
  labels: Tensor,
  bank: MemoryBank,
  temperature = 0.07,
): Tensor {
  return scope(() => {
    const seen = bank.seen;
    const logits = cosines(features, bank.prototypes)
      .div(temperature)
      .maskedFill(seen.not().reshape(1, -1, 1), EXCLUDED); // [N, C, P]
    const targets = noGrad(() => withPrototype(labels, seen)).reshape(labels.size(0), -1); // [N, P]
    const count = targets.ne(IGNORE).sum().clampMin(1);
    return crossEntropy(logits, targets, { ignore: IGNORE, reduction: "sum" }).div(count);
  });
}

/** Labels int64 [N, h, w] with IGNORE in place of classes without a prototype (`seen` [C] is false). */
function withPrototype(labels: Tensor, seen: Tensor): Tensor {
  return scope(() => {
    const flat = labels.reshape(-1);
    const ignored = flat.eq(IGNORE);
    const known = seen.indexSelect(0, flat.maskedFill(ignored, 0));
    return flat
      .maskedFill(known.not(), IGNORE)
      .maskedFill(ignored, IGNORE)
      .reshape(...labels.shape);
  });
}
