import { describe, expect, test } from "vitest";
import { contrastiveLoss, MemoryBank } from "../../src/contrast/index.js";
import { entropyLoss } from "../../src/entropy/index.js";
import * as torch from "../../src/torch/index.js";
import { autocast, noGrad, scope, type Tensor, tensor } from "../../src/torch/index.js";

const numbers = (count: number, seed: number) =>
  Float64Array.from({ length: count }, (_, i) => Math.sin(12.9898 * (i + 1) + seed) * 1.3);
const input = (shape: number[], seed = 1) =>
  tensor(
    numbers(
      shape.reduce((a, b) => a * b, 1),
      seed,
    ),
    shape,
  );

/** Compares the gradient of a scalar function with central differences, by default in float64. */
function check(
  shape: number[],
  loss: (x: Tensor) => Tensor,
  { step = 1e-5, tolerance = 1e-6 } = {},
): void {
  scope(() => {
    const x = input(shape);
    x.requiresGrad = true;
    loss(x).backward();
    const analytic = (x.grad as Tensor).numbers();
    const data = x.array as Float64Array;
    const value = () => noGrad(() => scope(() => loss(x).item()));
    let seen = 0;
    for (let i = 0; i < data.length; i++) {
      const at = data[i] as number;
      data[i] = at + step;
      const above = value();
      data[i] = at - step;
      const below = value();
      data[i] = at;
      const slope = (above - below) / (2 * step);
      expect(Math.abs(slope - (analytic[i] as number))).toBeLessThan(tolerance);
      seen = Math.max(seen, Math.abs(slope));
    }
    expect(seen).toBeGreaterThan(tolerance * 20); // a zero gradient would not prove anything
  });
}

/** A scalar that weighs every element differently. */
const weigh = (y: Tensor) => y.mul(input(y.shape, 5)).sum();

describe("gradients equal finite differences", () => {
  test("conv2d, dilated and strided", () =>
    check([2, 2, 6, 6], (x) =>
      weigh(
        torch.conv2d(x, input([3, 2, 3, 3], 2), input([3], 3), {
          ...{ stride: 2, padding: 2, dilation: 2 },
        }),
      ),
    ));
  test("conv2d, by its weight", () =>
    check([3, 2, 3, 3], (w) => weigh(torch.conv2d(input([1, 2, 5, 5], 2), w, null))));
  test("linear", () => check([4, 3], (x) => weigh(torch.linear(x, input([2, 3], 2), null))));
  test("batch norm in training", () =>
    check([2, 3, 2, 2], (x) => {
      const state = {
        ...{ weight: input([3], 2), bias: input([3], 3) },
        ...{
          runningMean: torch.zeros([3], { dtype: "float64" }),
          runningVar: torch.ones([3], { dtype: "float64" }),
        },
      };
      return weigh(torch.batchNorm(x, state, true));
    }));
  test("max pooling", () =>
    check([1, 1, 6, 6], (x) => weigh(torch.maxPool2d(x, 3, { stride: 2 }))));
  test("bilinear upsampling", () =>
    check([1, 2, 3, 3], (x) => weigh(torch.upsampleBilinear(x, 7, 5))));
  test("softmax and log-softmax", () => {
    check([2, 4], (x) => weigh(x.softmax(1)));
    check([2, 4], (x) => weigh(x.logSoftmax(1)));
  });
  test("cross-entropy with ignored labels", () =>
    check([1, 3, 2, 2], (x) => {
      const labels = tensor(BigInt64Array.of(0n, 2n, 255n, 1n), [1, 2, 2]);
      return torch.crossEntropy(x, labels, { ignore: 255 });
    }));
  test("the entropy loss", () => check([1, 3, 2, 2], (x) => entropyLoss(x, 5, 4)));
  test("the contrastive loss", () =>
    check(
      [1, 4, 2, 2],
      (x) => {
        // Prototypes are float32, so the features are rounded to float32: the best step is the cube root of
        // its precision.
        const bank = new MemoryBank(3, 4);
        const means = input([3, 4], 9).to({ dtype: "float32" });
        bank.initialize(means);
        const labels = tensor(BigInt64Array.of(0n, 2n, 255n, 1n), [1, 2, 2]);
        return contrastiveLoss(x, labels, bank, 0.5);
      },
      { step: 5e-3, tolerance: 1e-4 },
    ));
});

test("noGrad does not record, detach leaves the graph", () => {
  scope(() => {
    const x = input([3]);
    x.requiresGrad = true;
    expect(noGrad(() => x.mul(2)).requiresGrad).toBe(false);
    expect(x.mul(2).detach().requiresGrad).toBe(false);
    expect(x.mul(2).requiresGrad).toBe(true);
  });
});

test("autocast computes products in bfloat16 and gives float32 gradients", () => {
  scope(() => {
    const x = torch.randn([1, 4, 5, 5]);
    const w = torch.randn([2, 4, 3, 3]);
    w.requiresGrad = true;
    const y = autocast("bfloat16", () => torch.conv2d(x, w, null));
    expect(y.dtype).toBe("bfloat16");
    expect(autocast("float32", () => torch.conv2d(x, w, null)).dtype).toBe("float32");
    y.to({ dtype: "float32" }).sum().backward();
    expect(w.grad?.dtype).toBe("float32");
    const exact = torch.conv2d(x, w, null).numbers();
    const most = Math.max(...y.numbers().map((value, i) => Math.abs(value - (exact[i] as number))));
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(0.2);
  });
});

describe("autocast inside autocast", () => {
  const square = () => torch.ones([2, 2]);
  const product = () => scope(() => square().matmul(square()).dtype);

  test("restores the outer one when it ends", () => {
    autocast("bfloat16", () => {
      expect(autocast("bfloat16", product)).toBe("bfloat16");
      expect(product()).toBe("bfloat16");
      expect(() =>
        autocast("bfloat16", () => {
          throw new Error("stop");
        }),
      ).toThrow("stop");
      expect(product()).toBe("bfloat16");
    });
    expect(product()).toBe("float32");
  });

  test("with float32 computes in float32, until it ends", () => {
    autocast("bfloat16", () => {
      expect(autocast("float32", product)).toBe("float32");
      expect(autocast("float32", () => autocast("bfloat16", product))).toBe("bfloat16");
      expect(product()).toBe("bfloat16");
    });
    expect(autocast("float32", product)).toBe("float32");
  });

  test("for another device does not affect this one", () => {
    autocast("bfloat16", () => {
      expect(autocast("float32", product, "cuda")).toBe("bfloat16");
      expect(product()).toBe("bfloat16");
    });
    expect(autocast("bfloat16", product, "cuda:0")).toBe("float32");
  });
});

test("a weight that noGrad uses inside autocast still gets a gradient", () => {
  scope(() => {
    const [x, weight] = [torch.ones([2, 2]), torch.ones([2, 2])];
    weight.requiresGrad = true;
    const y = autocast("bfloat16", () => {
      noGrad(() => x.matmul(weight));
      return x.matmul(weight);
    });
    y.to({ dtype: "float32" }).sum().backward();
    expect(weight.grad?.numbers()).toEqual([2, 2, 2, 2]);
  });
});
