import { expect, test } from "vitest";
import { backpropagate } from "../../src/methods/step/backpropagate.js";
import { ones, scope, type Tensor } from "../../src/torch/index.js";
import { using } from "../train/tiny.js";

test.each<[string, () => Tensor, RegExp]>([
  [
    "a map",
    () => ones([2, 3]),
    /the loss target\/mine is a tensor \[2,3\]: expected a tensor of one/,
  ],
  [
    "a number",
    () => 1 as never,
    /the loss target\/mine is number: expected a tensor of one element/,
  ],
])("%s is not a loss, and the error names it", async (_, loss, says) => {
  await using({ method: "source-only" }, async ({ network }) => {
    const learn = () =>
      scope(() => backpropagate({ "target/mine": [1, loss()] }, { network, gradientNorms: false }));
    expect(learn).toThrow(says);
  });
});
