import { describe, expect, test } from "vitest";
import * as torch from "../../src/torch/index.js";
import { scope, tensor } from "../../src/torch/index.js";

const f = (...values: number[]) => tensor(Float32Array.from(values));
const near = (actual: number[], expected: number[], digits = 5) => {
  expect(actual).toHaveLength(expected.length);
  for (const [i, value] of expected.entries()) expect(actual[i]).toBeCloseTo(value, digits);
};

describe("arithmetic follows its closed forms", () => {
  const unary: Record<string, [(x: torch.Tensor) => torch.Tensor, (x: number) => number]> = {
    neg: [(x) => x.neg(), (x) => -x],
    exp: [(x) => x.exp(), Math.exp],
    log: [(x) => x.abs().log(), (x) => Math.log(Math.abs(x))],
    log2: [(x) => x.abs().log2(), (x) => Math.log2(Math.abs(x))],
    sqrt: [(x) => x.abs().sqrt(), (x) => Math.sqrt(Math.abs(x))],
    pow: [(x) => x.pow(3), (x) => x ** 3],
    relu: [(x) => x.relu(), (x) => Math.max(0, x)],
    leakyRelu: [(x) => x.leakyRelu(0.2), (x) => (x < 0 ? 0.2 * x : x)],
    sigmoid: [(x) => x.sigmoid(), (x) => 1 / (1 + Math.exp(-x))],
    tanh: [(x) => x.tanh(), Math.tanh],
    clamp: [(x) => x.clamp(-1, 1), (x) => Math.min(1, Math.max(-1, x))],
    clampMin: [(x) => x.clampMin(0.5), (x) => Math.max(0.5, x)],
    "scalar add": [(x) => x.add(2), (x) => x + 2],
    "scalar div": [(x) => x.div(4), (x) => x / 4],
  };
  test.each(Object.entries(unary))("%s", (_, [ours, closed]) => {
    const values = [-1.7, -0.3, 0.4, 1, 2.5];
    scope(() => near(ours(f(...values)).numbers(), values.map(closed)));
  });

  test("shapes broadcast", () => {
    scope(() => {
      const column = tensor(Float32Array.of(1, 2, 3), [3, 1]);
      const sum = column.add(f(10, 20));
      expect(sum.shape).toEqual([3, 2]);
      expect(sum.numbers()).toEqual([11, 21, 12, 22, 13, 23]);
    });
  });

  test("reductions", () => {
    scope(() => {
      const x = tensor(Float32Array.of(1, 2, 3, 4, 5, 7), [2, 3]);
      expect(x.sum().item()).toBe(22);
      expect(x.sum(0).numbers()).toEqual([5, 7, 10]);
      expect(x.mean([1], true).shape).toEqual([2, 1]);
      near(x.variance(1).numbers(), [1, 7 / 3]);
      near(x.variance(1, 0).numbers(), [2 / 3, 14 / 9]);
      near(x.norm(1).numbers(), [Math.sqrt(14), Math.sqrt(90)]);
      expect(x.argmax(1).numbers()).toEqual([2, 2]);
      expect([x.max().item(), x.min().item()]).toEqual([7, 1]);
    });
  });

  test("matmul, and softmax sums to one", () => {
    scope(() => {
      const a = tensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
      expect(a.matmul(a).numbers()).toEqual([7, 10, 15, 22]);
      const p = a.softmax(1);
      near(p.sum(1).numbers(), [1, 1]);
      near(p.numbers().slice(0, 1), [1 / (1 + Math.E)]);
      near(a.logSoftmax(1).exp().numbers(), p.numbers());
    });
  });

  test("conv2d of a box is a moving sum", () => {
    scope(() => {
      const x = tensor(
        Float32Array.from({ length: 9 }, (_, i) => i),
        [1, 1, 3, 3],
      );
      const sums = torch.conv2d(x, torch.ones([1, 1, 3, 3]), null, { padding: 1 });
      expect(sums.numbers()).toEqual([8, 15, 12, 21, 36, 27, 20, 33, 24]);
    });
  });
});

describe("memory is shared as documented", () => {
  test("typed arrays are copied into tensors, and share the memory of tensors", () => {
    scope(() => {
      const data = Float32Array.of(1, 2, 3);
      const x = tensor(data);
      data[0] = 10;
      expect(x.numbers()).toEqual([1, 2, 3]);
      const { array } = x;
      array[1] = 20;
      expect(x.numbers()).toEqual([1, 20, 3]);
      x.mulInPlace(2);
      expect([...array]).toEqual([2, 40, 6]);
      expect([...data]).toEqual([10, 2, 3]);
    });
  });
  test("views share, typed() copies in row-major order", () => {
    scope(() => {
      const x = tensor(Float32Array.of(1, 2, 3, 4), [2, 2]);
      const t = x.transpose(0, 1);
      const copy = t.typed();
      x.select(0, 0).fillInPlace(9);
      expect(t.numbers()).toEqual([9, 3, 9, 4]);
      expect([...copy]).toEqual([1, 3, 2, 4]);
    });
  });
  test("types convert", () => {
    scope(() => {
      const x = f(1.5, -2.5).to({ dtype: "bfloat16" });
      expect(x.dtype).toBe("bfloat16");
      expect(x.numbers()).toEqual([1.5, -2.5]);
      expect(torch.arange(3).dtype).toBe("int64");
      expect(tensor(Uint8Array.of(1, 0)).dtype).toBe("uint8");
    });
  });
});

test("a seed repeats the stream, and so does a restored state", () => {
  scope(() => {
    torch.manualSeed(7);
    const first = torch.randn([4]).numbers();
    const state = torch.randomState();
    const second = torch.randn([4]).numbers();
    torch.setRandomState(state);
    expect(torch.randn([4]).numbers()).toEqual(second);
    torch.manualSeed(7);
    expect(torch.randn([4]).numbers()).toEqual(first);
    expect(second).not.toEqual(first);
  });
});
