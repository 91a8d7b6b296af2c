import { describe, expect, it } from "vitest";
import {
  classMeans,
  contrastiveLoss,
  cosines,
  MemoryBank,
  normalizeRows,
  pseudoLabels,
} from "../../src/contrast/index.js";
import { copyInto, scope, type Tensor, tensor } from "../../src/torch/index.js";
import { type GoldenTensor, readGolden } from "../golden/golden.js";
import { relativeError } from "../golden/relative-error.js";

// Recorded from the reference implementation.
describe("fine alignment equals the reference", () => {
  const golden = readGolden("contrastive.safetensors");
  const values = (name: string) => golden.get(name)?.data as Float32Array;
  const load = (name: string): Tensor => {
    const { data, shape } = golden.get(name) as GoldenTensor;
    return tensor(data, shape);
  };
  const bank = (name: string): MemoryBank => {
    const result = new MemoryBank(19, 64);
    copyInto(result.prototypes, load(name));
    return result;
  };
  const labels = (name: string) => load(name).squeeze(1);

  function valueAndGradient(leaf: Tensor, loss: (leaf: Tensor) => Tensor) {
    leaf.requiresGrad = true;
    const result = loss(leaf);
    result.backward();
    return { value: result.item(), gradient: leaf.grad as Tensor };
  }

  /** -log(e / (sum e + 1e-6) + 1e-6) of logits minus their overall mean, as in the reference. */
  function smoothedLoss(features: Tensor, label: Tensor, { prototypes }: MemoryBank): Tensor {
    const logits = cosines(features, prototypes).div(0.07);
    const exponentials = logits.sub(logits.mean().detach()).exp(); // [1, C, P]
    const share = exponentials.div(exponentials.sum(1, true).add(1e-6)).add(1e-6).log().neg();
    const flat = label.reshape(1, 1, -1);
    const counted = flat.ne(255);
    const picked = share.gather(1, flat.mul(counted.to({ dtype: "int64" })));
    const kept = counted.to({ dtype: "float32" });
    return picked.mul(kept).sum().div(kept.sum());
  }

  it.each([0, 0.01, 0.05])("gives the same pseudo-labels at threshold %d", (threshold) => {
    scope(() => {
      const name = `pseudo_label.threshold_${threshold === 0 ? "0.0" : threshold}`;
      const options = { threshold, distance: "euclidean" } as const;
      const made = pseudoLabels(load("features_target"), bank("memory_source"), options).numbers();
      const wanted = Array.from(golden.get(name)?.data as BigInt64Array, Number);
      const equal = made.filter((label, i) => label === wanted[i]).length;
      expect(equal / wanted.length).toBeGreaterThan(0.999);
      if (threshold > 0) expect(wanted).toContain(255);
    });
  });

  it.each([
    ["source", "features_source", "label_source"],
    ["target", "features_target", "pseudo_label.threshold_0.05"],
  ])("has the same %s class means", (domain, features, label) => {
    scope(() => {
      const { means } = classMeans(load(features), labels(label), 19);
      expect(relativeError(normalizeRows(means), values(`class_mean_${domain}`))).toBeLessThan(
        1e-3,
      );
    });
  });

  it.each([
    ["source", "features_source", "label_source", "memory_source"],
    ["target", "features_target", "pseudo_label.threshold_0.05", "memory_target"],
    ["target_to_source", "features_target", "pseudo_label.threshold_0.05", "memory_source"],
    ["source_to_target", "features_source", "label_source", "memory_target"],
  ])("has the same loss and gradient: %s", (term, features, label, memory) => {
    scope(() => {
      const wanted = values(`loss.${term}`)[0] as number;
      const gradient = values(`grad.${term}`);
      // With the smoothed softmax of the reference: equal up to rounding.
      const faithful = valueAndGradient(load(features), (leaf) =>
        smoothedLoss(leaf, labels(label), bank(memory)),
      );
      expect(Math.abs(faithful.value / wanted - 1)).toBeLessThan(1e-4);
      expect(relativeError(faithful.gradient, gradient)).toBeLessThan(1e-3);
      // Without the smoothing: differs by the smoothing only.
      const ours = valueAndGradient(load(features), (leaf) =>
        contrastiveLoss(leaf, labels(label), bank(memory), 0.07),
      );
      expect(Math.abs(ours.value / wanted - 1)).toBeLessThan(2e-4);
      expect(relativeError(ours.gradient, gradient)).toBeLessThan(2e-3);
    });
  });

  it("updates the bank the same way, and does not change absent classes", () => {
    scope(() => {
      const memory = bank("memory_source");
      memory.update(classMeans(load("features_source"), labels("label_source"), 19), 0.9);
      const after = memory.prototypes.numbers();
      expect(relativeError(after, values("memory_source_after_source_update"))).toBeLessThan(1e-3);
      const absent = 16 * 64; // classes 16 to 18 are not in the source label
      expect(after.slice(absent)).toEqual(Array.from(values("memory_source")).slice(absent));
    });
  });
});
