import { describe, expect, test, vi } from "vitest";
import { cfcontraOptions } from "../../src/methods/cfcontra.js";
import { TERMS } from "../../src/methods/step/fine-alignment.js";
import { everything, tinyDataset, trainTiny, using } from "../train/tiny.js";

/** The scalars of the last of a few steps. */
const last = (options: object, steps = 2) =>
  using({ options }, async (run) => {
    const reports = await trainTiny(run, { steps });
    return reports.at(-1)?.scalars ?? {};
  });

describe("options of cfcontra", () => {
  test("defaults are the paper's", () => {
    expect(cfcontraOptions.parse({})).toMatchObject({
      ...{ aux: 0.1, entropy: 0.001, entropyAux: 0.0002, contrast: 0.001 },
      ...{ temperature: 0.07, bankMomentum: 0.9, threshold: 0.05, terms: [...TERMS] },
      ...{ sourceImages: 300, targetImages: 1600, pseudoLabels: "prototypes" },
    });
  });

  test("`terms` leaves the others out", async () => {
    const scalars = await last({ terms: ["source", "targetToSource"] });
    const names = Object.keys(scalars).filter((name) => name.startsWith("contrast/"));
    expect(names.sort()).toEqual(["contrast/source", "contrast/targetToSource"]);
  });

  test("a loss with weight 0 is logged, but does not train", async () => {
    const learnt = (method: "minent" | "source-only", options: object) =>
      using({ method, options }, async (run) => {
        const scalars = (await trainTiny(run, { steps: 2 })).at(-1)?.scalars;
        // Batch-norm statistics still include the target.
        const weights = [...everything(run)].filter(([name]) => !name.includes("running"));
        return { scalars, weights };
      });
    const measured = await learnt("minent", { entropy: 0, entropyAux: 0 });
    expect(measured.scalars?.["target/entropy"]).toBeGreaterThan(0);
    expect(measured.weights).toEqual((await learnt("source-only", {})).weights);
  });

  test("`warmup` trains without contrast first", async () => {
    await using({ options: { warmup: 2 } }, async (run) => {
      const reports = await trainTiny(run, { steps: 3 });
      expect(reports.map(({ scalars }) => "contrast/source" in scalars)).toEqual([
        false,
        false,
        true,
      ]);
      expect(run.method.state.get("bank.source")?.norm().item()).toBeGreaterThan(0);
    });
  });

  test("a run that resumes after a `warmup` that was shortened computes its first prototypes", async () => {
    await using({ options: { warmup: 1 } }, async (run) => {
      const looked = { ...tinyDataset(4), load: vi.fn(tinyDataset(4).load) };
      await trainTiny(run, { steps: 4, start: 3, source: looked });
      const first = looked.load.mock.calls.length;
      expect(first).toBeGreaterThan(4); // those of a step, and those for the prototypes
      await trainTiny(run, { steps: 5, start: 4, source: looked });
      expect(looked.load.mock.calls.length - first).toBeLessThan(first);
    });
  });

  test("a higher threshold labels fewer pixels, `thresholdDecay` labels more in later steps", async () => {
    const coverage = async (options: object) =>
      (await last({ temperature: 1, ...options }, 6))["pseudo/coverage"] as number;
    const all = await coverage({ threshold: 0 });
    const strict = await coverage({ threshold: 0.4 });
    expect(all).toBe(1);
    expect(strict).toBeLessThan(0.9);
    // (1 - 5/6)^4 leaves a thousandth of the threshold at the last step.
    expect(await coverage({ threshold: 0.4, thresholdDecay: true })).toBeGreaterThan(strict + 0.05);
  });

  test("`pseudoLabels: predictions` uses the network's prediction for every pixel", async () => {
    expect((await last({ pseudoLabels: "predictions", threshold: 3 }))["pseudo/coverage"]).toBe(1);
  });
});
