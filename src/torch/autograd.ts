import { scalarType } from "./dtype.js";
import { native } from "./native.js";
import { synchronous } from "./synchronous.js";
import { Tensor } from "./tensor.js";

/**
 * Runs `body` without recording a graph.
 * @throws if `body` returns a promise
 */
export function noGrad<T>(body: () => T): T {
  const before = native.setGradEnabled(false);
  try {
    return synchronous("noGrad", body);
  } finally {
    native.setGradEnabled(before);
  }
}

/** Whether operators record a graph now. */
export function gradEnabled(): boolean {
  const enabled = native.setGradEnabled(true);
  native.setGradEnabled(enabled);
  return enabled;
}

/**
 * The gradients of the sum of `outputs` (weighted by `gradOutputs`) with respect to `inputs`,
 * whose own `grad` does not change; undefined for an input that the outputs do not depend on.
 */
export function gradients(
  outputs: readonly Tensor[],
  inputs: readonly Tensor[],
  {
    gradOutputs,
    retainGraph = false,
  }: { gradOutputs?: readonly Tensor[]; retainGraph?: boolean } = {},
): (Tensor | undefined)[] {
  const handles = (tensors: readonly Tensor[]) => tensors.map((tensor) => tensor.handle);
  return native
    .gradients(
      handles(outputs),
      handles(inputs),
      gradOutputs ? handles(gradOutputs) : null,
      retainGraph,
    )
    .map((handle) => (handle === null ? undefined : new Tensor(handle)));
}

/** The element type in which expensive layers compute. */
export type Precision = "float32" | "bfloat16";

/**
 * Runs `body` with libtorch's autocast: convolutions and matrix products in `precision`, numerically
 * sensitive operators in float32. "float32" disables casts, also inside another `autocast`. The innermost
 * one applies; when it ends, the outer one applies again. Back-propagate outside.
 * @throws if `body` returns a promise
 */
export function autocast<T>(precision: Precision, body: () => T, device = "cpu"): T {
  native.enterAutocast(device, precision === "float32" ? null : scalarType(precision));
  try {
    return synchronous("autocast", body);
  } finally {
    native.leaveAutocast();
  }
}
