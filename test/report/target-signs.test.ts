import { describe, expect, test } from "vitest";
import { IGNORE } from "../../src/datasets/dataset.js";
import { addPseudoLabels, collapseWatch, pseudoScalars } from "../../src/report/target-signs.js";

const counts = (classes: number) => {
  const empty = () => new Float64Array(classes);
  return { truth: empty(), covered: empty(), right: empty(), given: empty() };
};

describe("pseudo-labels", () => {
  test("are compared with the label at their own resolution, and unlabelled pixels are skipped", () => {
    const all = counts(3);
    // 4x2 labels, of which a 2x1 grid sees (0, 0) and (2, 0).
    const label = Uint8Array.from([0, 9, 1, 9, 9, 9, 9, 9]);
    addPseudoLabels(all, { width: 4, height: 2, label }, Uint8Array.from([0, 2]), {
      width: 2,
      height: 1,
    });
    expect(all).toMatchObject({ truth: Float64Array.from([1, 1, 0]) });
    expect([...all.right]).toEqual([1, 0, 0]);
    expect([...all.given]).toEqual([1, 0, 1]);
    const size = { width: 2, height: 1 };
    const ignored = { ...size, label: Uint8Array.from([IGNORE, 1]) };
    addPseudoLabels(all, ignored, Uint8Array.from([0, IGNORE]), size);
    expect([...all.truth]).toEqual([1, 2, 0]);
    expect([...all.covered]).toEqual([1, 1, 0]);
  });

  test("have coverage of the true class and accuracy of the given one", () => {
    const all = {
      truth: Float64Array.from([8, 2, 0]),
      covered: Float64Array.from([4, 1, 0]),
      right: Float64Array.from([3, 0, 0]),
      given: Float64Array.from([3, 2, 0]),
    };
    expect(pseudoScalars("val", ["road", "sky", "rider"], all)).toEqual({
      "pseudo/val/coverage": 0.5,
      "pseudo/val/accuracy": 0.6,
      "pseudo/val/coverage/road": 0.5,
      "pseudo/val/accuracy/road": 1,
      "pseudo/val/coverage/sky": 0.5,
      "pseudo/val/accuracy/sky": 0,
    });
  });
});

describe("a collapse", () => {
  const watched = (...shares: readonly (readonly number[])[]) => {
    const said: string[] = [];
    const watch = collapseWatch(["road", "sky", "car", "pole"], (text) => said.push(text));
    for (const [i, one] of shares.entries()) watch(i * 100, one);
    return said;
  };

  test("is one class on nearly all pixels, and names it", () => {
    const said = watched([0.4, 0.3, 0.2, 0.1], [0.02, 0.97, 0.01, 0], [0, 1, 0, 0]);
    expect(said).toHaveLength(1); // once in 500 steps
    expect(said[0]).toMatch(/97 % .*sky/);
  });

  test("is the loss of more than half of the classes", () => {
    expect(watched([0.4, 0.3, 0.2, 0.1], [0.5, 0.5, 0, 0])).toEqual([]);
    expect(watched([0.4, 0.3, 0.2, 0.1], [0.9, 0, 0.0005, 0.0995])).toEqual([]);
    expect(watched([0.4, 0.3, 0.2, 0.1], [0.94, 0, 0, 0.0005])[0]).toMatch(/3 of the 4 classes/);
  });
});
