import { describe, expect, test } from "vitest";
import {
  classMeans,
  contrastiveLoss,
  DISTANCES,
  denoisedLogits,
  MemoryBank,
  pseudoLabels,
} from "../../src/contrast/index.js";
import { IGNORE } from "../../src/datasets/dataset.js";
import * as torch from "../../src/torch/index.js";
import { autocast, manualSeed, scope, type Tensor, tensor } from "../../src/torch/index.js";

const [CLASSES, DIM, H, W] = [4, 6, 3, 5];
const features = (seed = 1) => {
  manualSeed(seed);
  return torch.randn([2, DIM, H, W]);
};
const labels = (at: (pixel: number) => number) =>
  tensor(
    BigInt64Array.from({ length: 2 * H * W }, (_, i) => BigInt(at(i))),
    [2, H, W],
  );

function bankOf(seen: readonly number[], seed = 3): MemoryBank {
  const bank = new MemoryBank(CLASSES, DIM);
  manualSeed(seed);
  const means = torch.randn([CLASSES, DIM]);
  for (let k = 0; k < CLASSES; k++) if (!seen.includes(k)) means.select(0, k).zeroInPlace();
  bank.initialize(means);
  return bank;
}

const rows = (x: Tensor): number[][] =>
  Array.from({ length: x.size(0) }, (_, k) => x.select(0, k).numbers());
const dot = (a: number[], b: number[]) => a.reduce((sum, v, i) => sum + v * (b[i] as number), 0);
const unit = (v: number[]) => v.map((x) => x / Math.sqrt(dot(v, v)));
/** The feature vector of every pixel, in label order. */
const vectors = (x: Tensor) =>
  rows(x.permute(0, 2, 3, 1).reshape(-1, DIM)).map((row) => row.map(Number));

describe("the momentum update", () => {
  test("is normalise(0.9 M + 0.1 normalise(mean)), computed with loops", () => {
    scope(() => {
      const bank = bankOf([0, 1, 2, 3]);
      const before = rows(bank.prototypes);
      const [x, y] = [features(), labels((i) => (i % 5 === 0 ? IGNORE : i % 3))];
      bank.update(classMeans(x, y, CLASSES), 0.9);
      const ids = y.numbers();
      for (let k = 0; k < 3; k++) {
        const mine = vectors(x).filter((_, i) => ids[i] === k);
        const mean = unit(mine.reduce((sum, v) => sum.map((s, d) => s + (v[d] as number))));
        const blend = (before[k] as number[]).map((m, d) => 0.9 * m + 0.1 * (mean[d] as number));
        const after = rows(bank.prototypes)[k] as number[];
        for (const [d, value] of unit(blend).entries()) expect(after[d]).toBeCloseTo(value, 5);
      }
    });
  });
  test("does not change an absent class, and starts an unseen one at its first mean", () => {
    scope(() => {
      const bank = bankOf([0, 1, 2]);
      const before = rows(bank.prototypes);
      expect(bank.unseen).toEqual([3]);
      const x = features();
      bank.update(
        classMeans(
          x,
          labels((i) => (i < 7 ? 3 : IGNORE)),
          CLASSES,
        ),
        0.9,
      );
      const after = rows(bank.prototypes);
      expect(after.slice(0, 3)).toEqual(before.slice(0, 3));
      const mean = vectors(x)
        .slice(0, 7)
        .reduce((sum, v) => sum.map((s, d) => s + (v[d] as number)));
      for (const [d, value] of unit(mean).entries()) expect(after[3]?.[d]).toBeCloseTo(value, 5);
      expect(bank.unseen).toEqual([]);
    });
  });
  test("keeps prototypes at unit length, and an empty batch changes nothing", () => {
    scope(() => {
      const bank = bankOf([0, 1, 2, 3]);
      for (let i = 0; i < 20; i++) {
        bank.update(
          classMeans(
            features(i),
            labels((p) => (p + i) % 4),
            CLASSES,
          ),
          0.9,
        );
      }
      for (const length of bank.prototypes.norm(1).numbers()) expect(length).toBeCloseTo(1, 5);
      const before = rows(bank.prototypes);
      bank.update(
        classMeans(
          features(),
          labels(() => IGNORE),
          CLASSES,
        ),
        0.9,
      );
      expect(rows(bank.prototypes)).toEqual(before);
    });
  });
});

describe("the contrastive loss", () => {
  test("equals its definition, computed with loops", () => {
    scope(() => {
      const bank = bankOf([0, 1, 2, 3]);
      const [x, y] = [features(), labels((i) => (i % 4 === 3 ? IGNORE : i % 4))];
      const prototypes = rows(bank.prototypes);
      const ids = y.numbers();
      const losses = vectors(x).flatMap((v, i) => {
        if (ids[i] === IGNORE) return [];
        const logits = prototypes.map((m) => dot(unit(v), m) / 0.07);
        const total = logits.reduce((sum, l) => sum + Math.exp(l), 0);
        return [Math.log(total) - (logits[ids[i] as number] as number)];
      });
      const mean = losses.reduce((a, b) => a + b) / losses.length;
      expect(contrastiveLoss(x, y, bank, 0.07).item()).toBeCloseTo(mean, 4);
    });
  });
  test("is 0 with a gradient of 0 if no pixel has a label", () => {
    scope(() => {
      const x = features();
      x.requiresGrad = true;
      const loss = contrastiveLoss(
        x,
        labels(() => IGNORE),
        bankOf([0, 1]),
        0.07,
      );
      expect(loss.item()).toBe(0);
      loss.backward();
      expect(x.grad?.abs().sum().item()).toBe(0);
    });
  });
  test("ignores classes without a prototype, as labels and as alternatives", () => {
    scope(() => {
      const [x, bank] = [features(), bankOf([0, 1])];
      const mixed = contrastiveLoss(
        x,
        labels((i) => i % 4),
        bank,
        0.07,
      ).item();
      const known = contrastiveLoss(
        x,
        labels((i) => (i % 4 < 2 ? i % 4 : IGNORE)),
        bank,
        0.07,
      );
      expect(mixed).toBe(known.item());
    });
  });
  test.each([0.07, 0.01, 0.001])("is finite at temperature %f, in bfloat16 too", (temperature) => {
    scope(() => {
      const bank = bankOf([0, 1, 2, 3]);
      const y = labels((i) => i % 4);
      for (const precision of ["float32", "bfloat16"] as const) {
        const x = features().mul(100).to({ dtype: precision });
        x.requiresGrad = true;
        const loss = autocast(precision, () => contrastiveLoss(x, y, bank, temperature), "cpu");
        loss.backward();
        expect(Number.isFinite(loss.item())).toBe(true);
        expect(x.grad?.isFinite().numbers().every(Boolean)).toBe(true);
      }
    });
  });
});

test("a class without prototype stays out of the loss at any temperature", () => {
  scope(() => {
    const bank = bankOf([0, 1]);
    const opposite = bank.prototypes.select(0, 0).add(bank.prototypes.select(0, 1)).neg(); // equally far
    const x = opposite.reshape(1, -1, 1, 1);
    const y = torch.zeros([1, 1, 1], { dtype: "int64" });
    expect(contrastiveLoss(x, y, bank, 5e-5).item()).toBeCloseTo(Math.log(2), 1);
  });
});

describe("denoised logits", () => {
  test("multiply each probability by exp(strength * cosine) and normalise", () => {
    scope(() => {
      const bank = bankOf([0, 1, 3]);
      const x = features(5);
      const logits = torch.randn([2, CLASSES, H, W]);
      const prototypes = rows(bank.prototypes);
      const shares = (t: Tensor) => {
        const flat = t.softmax(1).permute(0, 2, 3, 1).reshape(-1).numbers();
        return vectors(x).map((_, i) => flat.slice(i * CLASSES, (i + 1) * CLASSES));
      };
      const [before, after] = [shares(logits), shares(denoisedLogits(logits, x, bank, 3))];
      const plain = vectors(x);
      for (const [i, p] of before.entries()) {
        const near = prototypes.map((m) => dot(unit(plain[i] as number[]), m));
        near[2] = Math.max(...[0, 1, 3].map((k) => near[k] as number)); // no prototype: like the nearest
        const weighed = p.map((value, k) => value * Math.exp(3 * (near[k] as number)));
        const total = weighed.reduce((a, b) => a + b);
        for (const [k, value] of weighed.entries()) {
          expect(after[i]?.[k]).toBeCloseTo(value / total, 5);
        }
      }
    });
  });

  test("an empty bank changes no label, and strength 0 changes nothing", () => {
    scope(() => {
      const logits = torch.randn([2, CLASSES, H, W]);
      const empty = new MemoryBank(CLASSES, DIM);
      const found = denoisedLogits(logits, features(), empty, 5);
      expect(found.argmax(1).numbers()).toEqual(logits.argmax(1).numbers());
      expect(denoisedLogits(logits, features(), empty, 0)).toBe(logits);
    });
  });
});

describe("pseudo-labels", () => {
  test.each(DISTANCES)("%s: nearest prototype with a margin, computed with loops", (distance) => {
    scope(() => {
      const bank = bankOf([0, 1, 3]);
      const x = features(5);
      const threshold = 0.2;
      const prototypes = rows(bank.prototypes);
      const apart = (v: number[], m: number[]) =>
        Math.hypot(...v.map((value, d) => value - (m[d] as number)));
      const far = {
        cosine: (v: number[], m: number[]) => 1 - dot(unit(v), m),
        euclidean: apart,
        "unit-euclidean": (v: number[], m: number[]) => apart(unit(v), m),
      }[distance];
      const expected = vectors(x).map((v) => {
        const [first, second] = [0, 1, 3]
          .map((k) => ({ k, d: far(v, prototypes[k] as number[]) }))
          .sort((a, b) => a.d - b.d) as [{ k: number; d: number }, { d: number }];
        return second.d - first.d < threshold ? IGNORE : first.k;
      });
      const found = pseudoLabels(x, bank, { threshold, distance }).numbers();
      expect(found).toEqual(expected);
      expect(new Set(found).size).toBeGreaterThan(2);
      expect(found).toContain(IGNORE);
    });
  });
  test("without prototypes every pixel is ignored", () => {
    scope(() => {
      const empty = new MemoryBank(CLASSES, DIM);
      const found = pseudoLabels(features(), empty, { threshold: 0, distance: "cosine" });
      expect(found.numbers().every((id) => id === IGNORE)).toBe(true);
    });
  });
});
