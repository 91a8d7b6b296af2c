import { expect, test } from "vitest";
import { poly, rateFactor, warmUp } from "../../src/nn/index.js";
import { needsPyTorch, pytorch } from "./oracle.js";

test("the poly schedule goes from 1 to 0 and no further", () => {
  expect(poly(0, 100)).toBe(1);
  expect(poly(50, 100)).toBeCloseTo(0.5 ** 0.9, 12);
  expect(poly(25, 100, 4)).toBeCloseTo(0.75 ** 4, 12);
  expect([poly(100, 100), poly(150, 100)]).toEqual([0, 0]);
});

test("a warm-up rises by equal steps from 1e-6 to 1 and stays there", () => {
  expect(warmUp(0, 10)).toBe(1e-6);
  expect(warmUp(5, 10)).toBeCloseTo((1 + 1e-6) / 2, 15);
  expect([warmUp(10, 10), warmUp(11, 10), warmUp(0, 0)]).toEqual([1, 1, 1]);
});

test("without a warm-up the factor is the decay's, to the bit", () => {
  for (let step = 0; step <= 20; step++) {
    expect(rateFactor(step, { total: 17 })).toBe(poly(step, 17));
  }
});

test("warm-up times decay is what PyTorch's schedulers multiply", needsPyTorch, () => {
  const wanted = { rate: 0.02, warmup: 8, total: 30, steps: 30 };
  const [rates] = pytorch<number[]>("schedule", [wanted]);
  expect(rates).toHaveLength(30);
  for (const [step, rate] of (rates as number[]).entries()) {
    const own = 0.02 * rateFactor(step, { total: 30, warmup: 8 });
    expect(own / rate).toBeCloseTo(1, 9);
  }
});
