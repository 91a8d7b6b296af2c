import { describe, expect, test } from "vitest";
import * as torch from "../../src/torch/index.js";
import { operator, scope, tensor } from "../../src/torch/index.js";

const one = () => tensor(Float32Array.of(1, 2, 3));

/** The message of the error that `use` throws, which must be an Error of one line. */
function message(use: () => unknown): string {
  try {
    scope(use as () => never);
  } catch (error) {
    expect(error).toBeInstanceOf(Error);
    const text = (error as Error).message;
    expect(text).not.toMatch(/\n/);
    return text;
  }
  throw new Error("nothing was thrown");
}

describe("errors are one line that names the operator", () => {
  test.each<[string, () => unknown, RegExp]>([
    [
      "an operator that is not there",
      () => operator("no_such_operator")(one()),
      /no_such_operator/,
    ],
    [
      "shapes that do not broadcast",
      () => one().add(tensor(Float32Array.of(1, 2))),
      /add.*\[3\].*\[2\]/,
    ],
    [
      "a product of wrong sizes",
      () => one().matmul(torch.ones([2, 2])),
      /matmul.*\[3\].*\[2, ?2\]/,
    ],
    ["a string for a tensor", () => operator("relu")("x" as never), /relu.*self/],
    [
      "nothing for a tensor",
      () => operator("relu")(),
      /^aten::relu takes 1 argument, but received 0$/,
    ],
    [
      "several results where one is expected",
      () => operator("linalg_svd")(torch.ones([2, 2])),
      /linalg_svd.*operators\("linalg_svd"\)/,
    ],
    ["too many arguments", () => operator("relu")(one(), 1, 2, 3), /relu.*\b1\b.*\b4\b/],
    ["a string for a list of sizes", () => operator("permute")(one(), "ab"), /permute.*dims/],
    ["a dimension that is not there", () => one().sum(3), /sum.*got 3/],
    ["a reshape that loses elements", () => one().reshape(2, 2), /reshape.*\[2, 2\].*size 3/],
    ["item of several", () => one().item(), /item: expected one element, got \[3\]/],
    ["size of no dimension", () => one().size(4), /no dimension 4/],
    [
      "backward from several",
      () => {
        const x = one();
        x.requiresGrad = true;
        x.mul(2).backward();
      },
      /scalar outputs/,
    ],
    ["backward without a graph", () => one().sum().backward(), /grad/],
    [
      "gradients of integers",
      () => {
        torch.arange(3).requiresGrad = true;
      },
      /floating|gradient/i,
    ],
    [
      "the memory of a transposed tensor",
      () => torch.ones([2, 3]).transpose(0, 1).array,
      /contiguous/,
    ],
    ["an array of another length", () => tensor(Float32Array.of(1, 2), [3]), /\b12\b.*\b8\b/],
    ["memory that cannot be had", () => torch.zeros([2 ** 40]), /memory|alloc/i],
    [
      "in-place on a leaf that wants gradients",
      () => {
        const x = one();
        x.requiresGrad = true;
        x.mulInPlace(2);
      },
      /leaf/,
    ],
  ])("%s", (_, use, says) => {
    expect(message(use)).toMatch(says);
  });
});
