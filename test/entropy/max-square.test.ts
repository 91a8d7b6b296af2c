import { describe, expect, test } from "vitest";
import { IGNORE } from "../../src/datasets/dataset.js";
import { guidance, maxSquareLoss } from "../../src/entropy/index.js";
import { scope, type Tensor, tensor } from "../../src/torch/index.js";
import { gradientError, logits } from "./finite-differences.js";

/** Logits [1, C, 1, P] of the given probabilities, pixel by pixel. */
function ofProbabilities(...pixels: number[][]): Tensor {
  const classes = pixels[0]?.length ?? 0;
  const rows = Array.from({ length: classes }, (_, c) => pixels.map((p) => Math.log(p[c] ?? 0)));
  return tensor(Float64Array.from(rows.flat()), [1, classes, 1, pixels.length]);
}

const square = (p: number[]) => p.reduce((sum, x) => sum + x * x, 0);

describe("maximum squares", () => {
  test("is -1/2 mean over pixels and classes of p^2", () => {
    scope(() => {
      const [a, b] = [
        [0.7, 0.2, 0.1],
        [0.5, 0.3, 0.2],
      ];
      const expected = -(square(a) + square(b)) / (2 * 2 * 3);
      expect(maxSquareLoss(ofProbabilities(a, b), 1, 2).item()).toBeCloseTo(expected, 12);
    });
  });

  test("is -1/(2C) for a certain prediction, -1/(2C^2) for a uniform one", () => {
    scope(() => {
      const certain = tensor(Float64Array.of(90, 0, 0, 0), [1, 4, 1, 1]);
      expect(maxSquareLoss(certain, 2, 2).item()).toBeCloseTo(-1 / 8, 12);
      expect(maxSquareLoss(ofProbabilities([1, 1, 1, 1]), 1, 1).item()).toBeCloseTo(-1 / 32, 12);
    });
  });

  test("image-wise weights: 1 / (N_k^b N^(1-b)), k the predicted class of the pixel", () => {
    scope(() => {
      const pixels = [
        [0.8, 0.2],
        [0.6, 0.4],
        [0.9, 0.1],
        [0.3, 0.7], // the only pixel of its class
      ];
      for (const b of [0.2, 0.5, 1]) {
        const weights = [3, 3, 3, 1].map((n) => 1 / (n ** b * 4 ** (1 - b)));
        const terms = pixels.map((p, i) => (weights[i] as number) * square(p));
        const expected = -terms.reduce((sum, x) => sum + x) / (2 * 2);
        const found = maxSquareLoss(ofProbabilities(...pixels), 1, 4, b).item();
        expect(found).toBeCloseTo(expected, 7); // the weights are float32
      }
    });
  });

  test("weights depend on one image: the loss of a batch is the mean over its images", () => {
    scope(() => {
      const both = logits([2, 3, 2, 3]);
      const parts = [0, 1].map((i) => maxSquareLoss(both.slice(0, i, i + 1), 4, 6, 0.2).item());
      const expected = ((parts[0] as number) + (parts[1] as number)) / 2;
      expect(maxSquareLoss(both, 4, 6, 0.2).item()).toBeCloseTo(expected, 7);
    });
  });

  test.each([0, 0.2, 1])("gradient by finite differences, balance %s", (balance) => {
    scope(() => {
      const loss = (x: Tensor) => maxSquareLoss(x, 3, 5, balance);
      expect(gradientError(loss, logits([2, 3, 2, 3]))).toBeLessThan(1e-6);
    });
  });

  test("has its strongest gradient between doubt and certainty, unlike entropy", () => {
    // d/dx of -(p^2 + q^2) / 4 with p = sigmoid(x) is -(p - q) p q / 2.
    scope(() => {
      for (const p of [0.55, 0.8, 0.99]) {
        const x = tensor(Float64Array.of(Math.log(p / (1 - p)), 0), [1, 2, 1, 1]);
        x.requiresGrad = true;
        maxSquareLoss(x, 1, 1).backward();
        const expected = -((2 * p - 1) * p * (1 - p)) / 2;
        expect(x.grad?.numbers()[0]).toBeCloseTo(expected, 12);
      }
    });
  });
});

describe("guidance", () => {
  test("is the class of the mean prediction if either head is confident, else IGNORE", () => {
    scope(() => {
      const main = ofProbabilities([0.97, 0.03], [0.9, 0.1], [0.2, 0.8], [0.6, 0.4]);
      const aux = ofProbabilities([0.4, 0.6], [0.5, 0.5], [0.01, 0.99], [0.04, 0.96]);
      expect(guidance({ main, aux }, 1, 4, 0.95).numbers()).toEqual([0, IGNORE, 1, 1]);
    });
  });
});
