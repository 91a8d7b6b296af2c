import { describe, expect, test } from "vitest";
import { operator, scope, tensor, zeros } from "../../src/torch/index.js";
import { native } from "../../src/torch/native.js";

// Calls the addon directly, with arguments that TypeScript would refuse. A crash would end the tests.

const FLOAT32 = 6;
const id = (name: string, overload = "") => native.lookup(`aten::${name}`, overload);
const four = () => zeros([4]).handle;

/** The error that `use` throws. */
function thrown(use: () => unknown): Error {
  try {
    scope(use as () => never);
  } catch (error) {
    return error as Error;
  }
  throw new Error("nothing was thrown");
}

describe("the number of arguments is checked against the schema", () => {
  test.each<[string, () => unknown, string]>([
    [
      "one too many",
      () => operator("relu")(zeros([1]), 1),
      "aten::relu takes 1 argument, but received 2",
    ],
    ["none", () => operator("relu")(), "aten::relu takes 1 argument, but received 0"],
    [
      "one too few",
      () => operator("add.Tensor")(zeros([1])),
      "aten::add.Tensor takes 2 to 3 arguments, but received 1",
    ],
    [
      "many too many",
      () => operator("add.Tensor")(...Array(60).fill(1)),
      "aten::add.Tensor takes 2 to 3 arguments, but received 60",
    ],
    [
      "many too many for an operator with many",
      () => native.call(id("_cudnn_rnn_backward", "out"), ...Array(400).fill(1)),
      "aten::_cudnn_rnn_backward.out takes 26 arguments, but received 400",
    ],
  ])("%s", (_, use, says) => {
    expect(thrown(use).message).toBe(says);
  });

  test("an operator takes more than 23", () => {
    const call = () => native.call(id("_cudnn_rnn_backward", "out"), ...Array(26).fill(null));
    expect(thrown(call).message).toMatch(/^aten::_cudnn_rnn_backward\.out: argument input: /);
  });
});

describe("arguments of every kind are an error, never a crash", () => {
  const trap = () => Object.defineProperty([4], 0, { get: () => shut() });
  const shut = () => {
    throw new RangeError("the getter's own");
  };

  test("a getter in a shape throws its own error", () => {
    for (const use of [
      () => native.call(id("zeros"), trap()),
      () => native.fromArray(new Float32Array(4), trap() as number[], FLOAT32),
      () => native.fromArrays(trap() as never, [4], FLOAT32, false),
    ]) {
      expect(thrown(use)).toMatchObject({ name: "RangeError", message: "the getter's own" });
    }
  });

  test("a getter may look up operators, and dispose tensors that were read before", () => {
    scope(() => {
      const [x, y] = [zeros([3]), zeros([2])];
      const list = [x.handle, 0];
      Object.defineProperty(list, 1, {
        get() {
          x.dispose();
          for (let i = 0; i < 1000; i++) id("relu");
          return y.handle;
        },
      });
      const joined = native.call(id("cat"), list) as number;
      expect(native.shape(joined)).toEqual([5]);
      native.dispose(joined);
    });
  });

  test.each<[string, () => unknown, RegExp]>([
    ["an operator that was not looked up", () => native.call(1e6), /from lookup\(\)/],
    ["no operator", () => native.call(Number.NaN), /from lookup\(\)/],
    ["no operator's schema", () => native.schema({} as never), /expected an operator/],
    ["a negative operator's schema", () => native.schema(-1), /from lookup\(\)/],
    ["a number as a tensor", () => native.shape(17), /expected a live tensor/],
    ["no tensor", () => native.shape(undefined as never), /expected a tensor/],
    [
      "a list with four billion holes",
      () => native.gradients(new Array(2 ** 32 - 1), [], null, false),
      /at most a million elements/,
    ],
    [
      "a scalar type that is none",
      () => native.call(id("zeros"), [2], 77),
      /dtype: expected a scalar type from 0 to \d+, but received 77/,
    ],
    [
      "a negative scalar type",
      () => native.call(id("zeros"), [2], -1),
      /expected a scalar type from 0/,
    ],
    [
      "a layout that is none",
      () => native.call(id("zeros"), [2], null, 99),
      /layout: expected a layout from 0/,
    ],
    [
      "a quantised type without a scale",
      () => native.fromArray(new Uint8Array(4), [4], 13),
      /integers, floats or booleans/,
    ],
    [
      "an array that is none",
      () => native.fromArray(new DataView(new ArrayBuffer(4)), [4], 0),
      /typed array/,
    ],
    [
      "a shape too large for a number",
      () => native.fromArray(new Uint8Array(4), [2 ** 40, 2 ** 40], 0),
      /too large/,
    ],
    [
      "arrays of fewer bytes than the shape needs",
      () => native.fromArrays([new Uint8Array(4), new Uint8Array(3)], [8], 0, false),
      /needs 8 bytes, but the array has 7/,
    ],
    [
      "arrays of which one is none",
      () => native.fromArrays([new Uint8Array(4), 4 as never], [4], 0, false),
      /typed array/,
    ],
    ["a negative size", () => native.fromArray(new Uint8Array(4), [-2, -2], 0), /negative size/],
    [
      "autocast to integers",
      () => native.enterAutocast("cpu", 3),
      /expected bfloat16 or float16, but received Int/,
    ],
    [
      "autocast on no device",
      () => native.enterAutocast("meta", 15),
      /cpu or cuda, but received meta/,
    ],
    [
      "autocast left before it is entered",
      () => native.leaveAutocast(),
      /left more often than entered/,
    ],
    [
      "a gradient of another shape",
      () => native.setGrad(four(), zeros([2, 2]).handle),
      /own shape, type and device/,
    ],
    [
      "a gradient of another type",
      () => native.setGrad(four(), zeros([4], { dtype: "float64" }).handle),
      /own shape, type and device/,
    ],
  ])("%s", (_, use, says) => {
    expect(thrown(use).message).toMatch(says);
  });

  test("a tensor as its own gradient", () => {
    const x = four();
    expect(thrown(() => native.setGrad(x, x)).message).toMatch(/its own gradient/);
    native.dispose(x);
  });

  test.each([100_000, 0, -1, Number.NaN, 1.5, 2 ** 40])("%d threads", (count) => {
    const before = native.threads();
    expect(thrown(() => native.setThreads(count)).message).toMatch(
      /expected (a number of threads from 1 to \d+|an integer), but received/,
    );
    expect(native.threads()).toBe(before);
  });
});

describe("handles", () => {
  const SLOTS = 2 ** 24;
  const GENERATIONS = 2 ** 20;

  test("stay exact numbers: a slot without generations left is not used again", () => {
    const x = four();
    const clone = id("detach");
    const first = native.call(clone, x) as number;
    native.dispose(first);
    let last = first;
    for (let i = 1; i < GENERATIONS + 10; i++) {
      const next = native.call(clone, x) as number;
      if (next % SLOTS !== first % SLOTS) {
        expect(Math.floor(last / SLOTS) % GENERATIONS).toBe(GENERATIONS - 1);
        expect([next, last].every(Number.isSafeInteger)).toBe(true);
        expect([native.isLive(next), native.isLive(last)]).toEqual([true, false]);
        native.dispose(next);
        native.dispose(x);
        return;
      }
      native.dispose(next);
      last = next;
    }
    throw new Error("the slot was used for ever");
  });

  test("are all different", () => {
    scope(() => {
      const handles = Array.from({ length: 100 }, () => tensor(Float32Array.of(1)).handle);
      expect(new Set(handles).size).toBe(100);
    });
  });
});
