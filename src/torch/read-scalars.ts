import { noGrad } from "./autograd.js";
import { stack } from "./ops.js";
import { scope } from "./scope.js";
import type { Tensor } from "./tensor.js";

/** A number, or a tensor of one element. */
export type Scalar = number | Tensor;

/** Converts scalars to numbers, with one read from the device for all tensors. */
export function readScalars(scalars: Readonly<Record<string, Scalar>>): Record<string, number> {
  const pending = Object.values(scalars).filter((scalar) => typeof scalar !== "number");
  const numbers = pending.length > 0 ? readTogether(pending) : [];
  return Object.fromEntries(
    Object.entries(scalars).map(([name, scalar]) => [
      name,
      typeof scalar === "number" ? scalar : (numbers.shift() as number),
    ]),
  );
}

function readTogether(tensors: readonly Tensor[]): number[] {
  return noGrad(() =>
    scope(() => stack(tensors.map((one) => one.reshape().to({ dtype: "float64" }))).numbers()),
  );
}
