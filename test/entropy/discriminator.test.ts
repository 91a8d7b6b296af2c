import { describe, expect, test } from "vitest";
import {
  ADVERSARIES,
  discriminator,
  domainLoss,
  entropyMap,
  selfInformation,
} from "../../src/entropy/index.js";
import { createParameters } from "../../src/nn/index.js";
import { dispose, randn, scope, type Tensor, tensor } from "../../src/torch/index.js";
import { userError } from "../user-error.js";
import { gradientError, logits } from "./finite-differences.js";

describe("the discriminator", () => {
  test("has five 4x4 convolutions of stride 2 with 64, 128, 256, 512, 1 channels", () => {
    const parameters = createParameters();
    const forward = discriminator(parameters, 19);
    expect([...parameters.all].map(([name, { shape }]) => `${name} ${shape}`)).toEqual([
      ...["0.weight 64,19,4,4", "0.bias 64", "1.weight 128,64,4,4", "1.bias 128"],
      ...["2.weight 256,128,4,4", "2.bias 256", "3.weight 512,256,4,4", "3.bias 512"],
      ...["4.weight 1,512,4,4", "4.bias 1"],
    ]);
    scope(() => {
      expect(forward(randn([2, 19, 64, 96]), true).shape).toEqual([2, 1, 2, 3]);
      // Uniform in +-1/sqrt(fan-in), with a fan-in of 19 * 16.
      const first = parameters.all.get("0.weight") as Tensor;
      expect(first.abs().max().item()).toBeLessThanOrEqual(1 / Math.sqrt(19 * 16));
      expect(first.abs().max().item()).toBeGreaterThan(0.99 / Math.sqrt(19 * 16));
    });
    dispose(parameters.all);
  });

  test("refuses images that are too small", async () => {
    const parameters = createParameters();
    const forward = discriminator(parameters, 3);
    const classify = () => scope(() => forward(randn([1, 3, 31, 64]), true).item());
    const names = ["64x31", "32x32", "sizes.source and sizes.target"];
    await userError(classify, "size-mismatch", ...names);
    dispose(parameters.all);
  });
});

describe("domainLoss", () => {
  const of = (...values: number[]) => tensor(Float64Array.from(values), [1, 1, 1, values.length]);
  const sigmoid = (x: number) => 1 / (1 + Math.exp(-x));

  test("vanilla is cross-entropy with 0 for the source and 1 for the target", () => {
    scope(() => {
      const [a, b] = [0.3, -2];
      const target = -(Math.log(sigmoid(a)) + Math.log(sigmoid(b))) / 2;
      const source = -(Math.log(1 - sigmoid(a)) + Math.log(1 - sigmoid(b))) / 2;
      expect(domainLoss(of(a, b), "target").item()).toBeCloseTo(target, 12);
      expect(domainLoss(of(a, b), "source").item()).toBeCloseTo(source, 12);
      expect(domainLoss(of(-900), "target").item()).toBeCloseTo(900, 9); // no overflow
    });
  });

  test("least squares is the mean of (x - 0)^2 or (x - 1)^2", () => {
    scope(() => {
      const x = of(0.5, 3);
      expect(domainLoss(x, "source", "least-squares").item()).toBeCloseTo((0.25 + 9) / 2, 12);
      expect(domainLoss(x, "target", "least-squares").item()).toBeCloseTo((0.25 + 4) / 2, 12);
    });
  });

  test.each(ADVERSARIES)("gradient of %s by finite differences", (kind) => {
    scope(() => {
      for (const domain of ["source", "target"] as const) {
        const loss = (x: Tensor) => domainLoss(x, domain, kind);
        expect(gradientError(loss, logits([2, 1, 2, 3]))).toBeLessThan(1e-6);
      }
    });
  });
});

test("weighted self-information is -p log p / log C per class, and adds up to the entropy", () => {
  scope(() => {
    const p = [0.7, 0.2, 0.1];
    const probability = tensor(Float64Array.from(p), [1, 3, 1, 1]);
    const expected = p.map((x) => -(x * Math.log(x)) / Math.log(3));
    selfInformation(probability)
      .numbers()
      .forEach((value, i) => {
        expect(value).toBeCloseTo(expected[i] as number, 12);
      });
    const many = logits([2, 5, 3, 4]).softmax(1);
    const sums = selfInformation(many).sum(1).numbers();
    entropyMap(many)
      .numbers()
      .forEach((value, i) => {
        expect(value).toBeCloseTo(sums[i] as number, 12);
      });
    // The network learns from its gradient.
    const loss = (x: Tensor) => selfInformation(x.softmax(1)).pow(2).sum();
    expect(gradientError(loss, logits([1, 3, 2, 2]))).toBeLessThan(1e-6);
  });
});
