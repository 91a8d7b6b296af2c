import { expect, test } from "vitest";
import { createParameters, union, zerosInit } from "../../src/nn/index.js";
import { dispose } from "../../src/torch/index.js";

test("names begin with the scope", () => {
  const store = createParameters("cpu", "layer6");
  const inner = store.sub("conv").sub(0);
  inner.parameter("weight", [1], zerosInit);
  inner.parameter("scale", [1], zerosInit, true);
  store.buffer("mean", [1], zerosInit);
  expect([store.scope, inner.scope]).toEqual(["layer6", "layer6.conv.0"]);
  expect([...store.all.keys()]).toEqual([
    "layer6.conv.0.weight",
    "layer6.conv.0.scale",
    "layer6.mean",
  ]);
  expect([...store.trainable.keys()]).toEqual(["layer6.conv.0.weight"]);
  dispose(store.all);
});

test("a union has every store's tensors in their order, and no name twice", () => {
  const [first, second] = [createParameters(), createParameters()];
  const weight = first.parameter("a.weight", [1], zerosInit);
  const mean = second.buffer("b.mean", [1], zerosInit);
  const { all, trainable } = union([first, second]);
  expect([...all.entries()]).toEqual([
    ["a.weight", weight],
    ["b.mean", mean],
  ]);
  expect([...trainable.keys()]).toEqual(["a.weight"]);
  second.parameter("a.weight", [1], zerosInit);
  expect(() => union([first, second])).toThrow("two parameters are called a.weight");
  dispose([first.all, second.all]);
});
