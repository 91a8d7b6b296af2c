import type { Tensor } from "../../src/torch/index.js";

/** |actual - expected| / |expected| in the Euclidean norm; 0 where both vanish. */
export function relativeError(
  actual: Tensor | ArrayLike<number>,
  expected: ArrayLike<number>,
): number {
  const values = "numbers" in actual ? actual.numbers() : actual;
  if (values.length !== expected.length) {
    throw new Error(`${values.length} values, but ${expected.length} expected`);
  }
  let difference = 0;
  let norm = 0;
  for (let i = 0; i < expected.length; i++) {
    difference += ((values[i] as number) - (expected[i] as number)) ** 2;
    norm += (expected[i] as number) ** 2;
  }
  return difference === 0 ? 0 : Math.sqrt(difference / norm);
}
