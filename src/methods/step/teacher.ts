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

/** A network that follows another one slowly. */
export interface Teacher extends Average {
  /** teacher <- decay teacher + (1 - decay) student, weights and BN statistics alike. */
  follow(step: number): void;
  readonly state: TensorMap;
}

/**
 * The exponential moving average of a network: Tarvainen & Valpola, Mean Teacher, NeurIPS 2017. In
 * early steps the average is over the steps so far, 1 - 1/(step + 1), so that it does not remember
 * its first weights longer than it has lived.
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
