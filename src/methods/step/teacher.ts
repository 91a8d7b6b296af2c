import type { Network } from "../../network/index.js";
import { prefixed } from "../../nn/index.js";
import {
  addAll,
  copyInto,
  multiplyAll,
  noGrad,
  scope,
  type Tensor,
  type TensorMap,
} from "../../torch/index.js";
import type { Average } from "../method.js";

/** A network whose weights are a running average of another network's. */
export interface Teacher extends Average {
  /** teacher <- decay teacher + (1 - decay) student, for weights and batch-norm statistics. */
  follow(step: number): void;
  readonly state: TensorMap;
}

/**
 * The exponential moving average of a network: Tarvainen & Valpola, Mean Teacher, NeurIPS 2017. In
 * early steps the decay is at most 1 - 1/(step + 1), the mean over the steps so far, so that the initial
 * weights do not dominate.
 */
export function meanTeacher(student: Network, decay: number, prefix = "teacher."): Teacher {
  const network = student.twin();
  const pairs = [...network.parameters.all].map(
    ([name, own]) => [own, student.parameters.all.get(name) as Tensor] as const,
  );
  for (const [own, theirs] of pairs) {
    own.requiresGrad = false;
    noGrad(() => copyInto(own, theirs));
  }
  return {
    ...{ network, decay, prefix },
    follow(step) {
      const kept = Math.min(decay, 1 - 1 / (step + 1));
      noGrad(() =>
        scope(() => {
          const own = pairs.map(([tensor]) => tensor);
          multiplyAll(own, kept);
          addAll(
            own,
            pairs.map(([, tensor]) => tensor),
            1 - kept,
          );
        }),
      );
    },
    state: prefixed(prefix, network.parameters.all),
  };
}
