import { describe, expect, test } from "vitest";
import { MemoryBank } from "../../src/contrast/index.js";
import { IGNORE } from "../../src/datasets/dataset.js";
import { guardRails } from "../../src/methods/step/guard-rails.js";
import { scope, tensor } from "../../src/torch/index.js";
import { tinyDataset, trainTiny, using } from "../train/tiny.js";

/** The warnings during `act`. */
function said(act: (rails: ReturnType<typeof guardRails>) => void): string[] {
  const sentences: string[] = [];
  act(guardRails({ warn: (sentence) => sentences.push(sentence), classNames: ["road"] }));
  return sentences;
}

const bankOf = (...rows: number[][]) => {
  const bank = new MemoryBank(rows.length, 2);
  scope(() => bank.initialize(tensor(Float32Array.from(rows.flat()), [rows.length, 2])));
  return bank;
};

describe("a warning", () => {
  test("is given immediately, and again after 500 steps at the earliest, for each kind separately", () => {
    const sentences = said((rails) => {
      for (let step = 0; step < 1200; step++) {
        rails.contrast(step, "target", [0, 0]);
        if (step === 700) rails.contrast(step, "source", [0, 0]);
      }
    });
    const steps = sentences.map((text) => /^step (\d+): .* no (\w+) pixels/.exec(text)?.slice(1));
    expect(steps).toEqual([
      ["1", "target"],
      ["501", "target"],
      ["701", "source"],
      ["1001", "target"],
    ]);
  });

  test("about pseudo-labels of a single class", () => {
    const about = (...counts: number[]) => said((rails) => rails.pseudoLabels(4, counts));
    expect(about(0, 9, 0)[0]).toMatch(/^step 5: all pseudo-labels are of class 1/);
    expect(about(9, 0, 0)[0]).toMatch(/ of class road,/);
    expect(about(1, 9, 0)).toEqual([]);
    expect(about(0, 0, 0)).toEqual([]); // another warning covers this
    expect(about(9)).toEqual([]); // a task of one class
  });

  test("about prototypes that became equal, except those of unseen classes", () => {
    const about = (bank: MemoryBank) => {
      const sentences = said((rails) => rails.prototypes(0, "target", bank));
      bank.dispose();
      return sentences;
    };
    expect(about(bankOf([1, 0], [0, 1], [0, 0], [1, 0.1]))[0]).toMatch(
      /target bank's prototypes of classes road and 3 are the same \(cosine 0\.995\)/,
    );
    expect(about(bankOf([1, 0], [0, 1], [1, 1]))).toEqual([]);
    expect(about(bankOf([0, 0], [0, 0], [1, 0]))).toEqual([]);
  });
});

describe("in a run", () => {
  const warnings = (options: object, source = tinyDataset(4)) =>
    using({ options }, async (run) => {
      await trainTiny(run, { steps: 3, source });
      return run.warnings.join("\n");
    });

  test("warns once about an unreachable threshold and a source without labels", async () => {
    const text = await warnings({ threshold: 3 }, tinyDataset(12, { relabel: () => IGNORE }));
    expect(text.match(/no target pixel has a pseudo-label/g)).toHaveLength(1);
    expect(text.match(/no source pixel has a label/g)).toHaveLength(1);
  });

  test("warns about a bank with a single class, which then labels everything", async () => {
    const text = await warnings({ threshold: 0 }, tinyDataset(4, { relabel: () => 1 }));
    expect(text.match(/all pseudo-labels are of class 1/g)).toHaveLength(1);
    expect(text).not.toMatch(/source pixel has|are the same/); // a single prototype has no neighbour
  });

  test("a healthy run does not warn", async () => {
    expect(await warnings({ threshold: 0 })).not.toMatch(/^step/m);
  });
});
