import { expect, test } from "vitest";
import { backpropagate } from "../../src/methods/step/backpropagate.js";
import { ones, scope, type Tensor } from "../../src/torch/index.js";
import { using } from "../train/tiny.js";

test("the weights of the losses are reported, also one of 0", async () => {
  await using({ method: "source-only" }, async ({ network }) => {
    const weights: Record<string, number> = {};
    const learner = {
      ...{ network, gradientNorms: false },
      onWeights: (own: Readonly<Record<string, number>>) => void Object.assign(weights, own),
    };
    const [parameter] = network.parameters.trainable.values() as Iterable<Tensor>;
    const loss = () => (parameter as Tensor).sum();
    const losses = () => ({ "a/main": [1, loss()], "a/aux": [0.05, loss()], off: [0, loss()] });
    scope(() => backpropagate(losses() as never, learner));
    expect(weights).toEqual({ "a/main": 1, "a/aux": 0.05, off: 0 });
  });
});

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
