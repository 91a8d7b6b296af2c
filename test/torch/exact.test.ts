import { describe, expect, test } from "vitest";
import { reducedAfter, reflectBySlices } from "../../src/torch/exact.js";
import {
  autocast,
  bilinearWeights,
  crossEntropy,
  liveMemory,
  manualSeed,
  randn,
  reflectionPad,
  scope,
  type Tensor,
  tensor,
  upsampleBilinear,
} from "../../src/torch/index.js";
import { resizeByProducts } from "../../src/torch/resize.js";

const LABELS = BigInt64Array.from({ length: 24 }, (_, i) => BigInt(i % 5 === 0 ? 255 : i % 3));
const labels = () => tensor(LABELS, [2, 3, 4]);
const ignore = 255;
type Form = (x: Tensor) => Tensor;

/** Value and gradient of a function of [2, 3, 3, 4], with random weights for its elements. */
function measured(of: (x: Tensor) => Tensor): { value: number[]; gradient: number[] } {
  return scope(() => {
    manualSeed(3);
    const x = randn([2, 3, 3, 4]);
    x.requiresGrad = true;
    const value = of(x);
    value.mul(randn(value.shape)).sum().backward();
    return { value: value.numbers(), gradient: x.grad?.numbers() as number[] };
  });
}

describe("the forms for GPUs have the values and gradients of", () => {
  test.each<[string, Form, Form]>([
    ["bilinear resizing", (x) => resizeByProducts(x, 7, 13), (x) => upsampleBilinear(x, 7, 13)],
    ["bilinear shrinking", (x) => resizeByProducts(x, 2, 3), (x) => upsampleBilinear(x, 2, 3)],
    ["resizing of rows only", (x) => resizeByProducts(x, 5, 4), (x) => upsampleBilinear(x, 5, 4)],
    [
      "resizing of columns only",
      (x) => resizeByProducts(x, 3, 9),
      (x) => upsampleBilinear(x, 3, 9),
    ],
    ["resizing to one pixel", (x) => resizeByProducts(x, 1, 1), (x) => upsampleBilinear(x, 1, 1)],
    ["reflection padding", (x) => reflectBySlices(x, 2), (x) => reflectionPad(x, 2)],
    ...(["sum", "mean"] as const).map((reduction): [string, Form, Form] => [
      `cross-entropy, its ${reduction}`,
      (x) =>
        reducedAfter(crossEntropy(x, labels(), { ignore, reduction: "none" }), labels(), {
          ...{ ignore, reduction },
        }),
      (x) => crossEntropy(x, labels(), { ignore, reduction }),
    ]),
  ])("%s", (_, form, operator) => {
    const [found, expected] = [measured(form), measured(operator)];
    for (const of of ["value", "gradient"] as const) {
      expect(found[of]).toHaveLength(expected[of].length);
      for (const [i, one] of found[of].entries()) {
        expect(one).toBeCloseTo(expected[of][i] as number, 5);
      }
    }
  });

  test("resizing stays in float32 inside autocast", () => {
    const resized = (x: Tensor) => resizeByProducts(x, 5, 9);
    const inside = measured((x) => autocast("bfloat16", () => resized(x), "cpu"));
    expect(inside).toEqual(measured(resized));
  });
});

describe("the weights of bilinear resizing", () => {
  const options = { dtype: "float32", device: "cpu" } as const;

  test("are cached by sizes and type", () => {
    const weights = bilinearWeights(3, 5, options);
    expect(weights.shape).toEqual([5, 3]);
    expect(weights.numbers()).toEqual([1, 0, 0, 0.5, 0.5, 0, 0, 1, 0, 0, 0.5, 0.5, 0, 0, 1]);
    expect(bilinearWeights(3, 5, options)).toBe(weights);
    expect(bilinearWeights(5, 3, options)).not.toBe(weights);
    expect(bilinearWeights(3, 5, { ...options, dtype: "float64" })).not.toBe(weights);
  });

  test("leave the cache in the order of their last use", () => {
    const [first, second] = [3, 4].map((from) => bilinearWeights(from, 100, options));
    const { tensors } = liveMemory();
    for (let to = 0; to < 31; to++) {
      bilinearWeights(2, 1 + to, options);
      expect(bilinearWeights(3, 100, options)).toBe(first);
    }
    expect(first?.isLive).toBe(true);
    expect(second?.isLive).toBe(false);
    expect(liveMemory().tensors).toBeLessThanOrEqual(tensors + 31);
  });
});
