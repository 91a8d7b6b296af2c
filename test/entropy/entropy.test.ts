import { expect, test } from "vitest";
import { entropyLoss } from "../../src/entropy/index.js";
import { scope, tensor, zeros } from "../../src/torch/index.js";

test("is 1 for a uniform prediction, 0 for a certain one", () => {
  scope(() => {
    expect(entropyLoss(zeros([1, 5, 2, 2]), 4, 4).item()).toBeCloseTo(1, 6);
    const certain = tensor(Float32Array.of(200, 0, 0), [1, 3, 1, 1]);
    expect(entropyLoss(certain, 1, 1).item()).toBeCloseTo(0, 6);
  });
});

test("is -sum p log p / log C in between", () => {
  scope(() => {
    const logits = tensor(
      Float32Array.of(Math.log(0.7), Math.log(0.2), Math.log(0.1)),
      [1, 3, 1, 1],
    );
    const expected = -[0.7, 0.2, 0.1].reduce((sum, p) => sum + p * Math.log(p), 0) / Math.log(3);
    expect(entropyLoss(logits, 3, 2).item()).toBeCloseTo(expected, 6);
  });
});
