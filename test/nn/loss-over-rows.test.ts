import { describe, expect, test } from "vitest";
import { entropyLoss, entropyMap } from "../../src/entropy/index.js";
import { segmentationLoss } from "../../src/network/index.js";
import { lossOverRows } from "../../src/nn/index.js";
import {
  crossEntropy,
  gradients,
  liveMemory,
  noGrad,
  scope,
  type Tensor,
  tensor,
  upsampleBilinear,
} from "../../src/torch/index.js";
import { relativeError } from "../golden/relative-error.js";

const [n, classes, h, w] = [2, 5, 6, 9];
const [height, width] = [150, 400]; // several blocks, and a last one that is smaller

const logits = (): Tensor => {
  const values = Float64Array.from(
    { length: n * classes * h * w },
    (_, i) => 3 * Math.sin(12.9898 * i),
  );
  const x = tensor(values, [n, classes, h, w]);
  x.requiresGrad = true;
  return x;
};
const labels = (): Tensor =>
  tensor(
    BigInt64Array.from({ length: n * height * width }, (_, i) =>
      i % 7 === 6 ? 255n : BigInt(i % 5),
    ),
    [n, height, width],
  );
const plainEntropy = (x: Tensor) =>
  entropyMap(upsampleBilinear(x, height, width).softmax(1)).mean();
const plainCrossEntropy = (x: Tensor) =>
  crossEntropy(upsampleBilinear(x, height, width), labels(), { ignore: 255 });

describe("row by row equals the whole, value and gradient", () => {
  test.each([
    ["cross-entropy", (x: Tensor) => segmentationLoss(x, labels()), plainCrossEntropy],
    ["entropy", (x: Tensor) => entropyLoss(x, height, width), plainEntropy],
  ])("%s", (_, blocks, plain) => {
    scope(() => {
      const x = logits();
      const [a, b] = [blocks(x), plain(x)];
      expect(a.item()).toBeCloseTo(b.item(), 12);
      const [ga, gb] = [a, b].map((loss) => gradients([loss.mul(3)], [x])[0] as Tensor);
      expect(relativeError(ga as Tensor, (gb as Tensor).numbers())).toBeLessThan(1e-10);
      noGrad(() => expect(blocks(x).item()).toBeCloseTo(b.item(), 12));
    });
  });
});

test("one row, one column, and sizes that shrink", () => {
  scope(() => {
    for (const [rows, columns] of [
      [1, 1],
      [1, 7],
      [7, 1],
      [3, 4],
    ] as const) {
      const x = logits();
      const total = lossOverRows(x, rows, columns, (block) => block.pow(2).sum());
      expect(total.item()).toBeCloseTo(upsampleBilinear(x, rows, columns).pow(2).sum().item(), 9);
    }
  });
});

test("holds a block at a time", () => {
  scope(() => {
    const x = logits();
    const before = liveMemory().bytes;
    let most = 0;
    lossOverRows(x, 4 * height, width, (block) => {
      most = Math.max(most, liveMemory().bytes - before);
      return block.sum();
    });
    expect(most).toBeGreaterThan(0);
    expect(most).toBeLessThan(n * classes * height * width * 8); // a quarter of the large logits
  });
});

test("a prediction without a gradient also has a loss", () => {
  scope(() => {
    const x = logits().detach();
    expect(entropyLoss(x, height, width).item()).toBeCloseTo(plainEntropy(x).item(), 12);
  });
});
