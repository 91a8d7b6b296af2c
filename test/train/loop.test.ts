import { describe, expect, test } from "vitest";
import type { Sample } from "../../src/datasets/dataset.js";
import { UserError } from "../../src/errors.js";
import type { Method, Progress } from "../../src/methods/index.js";
import { liveMemory, noGrad, type Tensor } from "../../src/torch/index.js";
import { checkpoints, latestCheckpoint, resume, saveInto } from "../../src/train/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";
import { everything, type TinySetup, tinyClasses, tinyDataset, trainTiny, using } from "./tiny.js";

const METHODS = ["source-only", "minent", "cfcontra"] as const;
const info = (step: number) => ({ step, method: "any", classes: tinyClasses.names, network: {} });

describe("seeds determine a run", () => {
  const outcome = (setup: TinySetup, seed: number) =>
    using(setup, async (run) => {
      const reports = await trainTiny(run, { steps: 3, seed });
      return { learnt: everything(run), scalars: reports.map(({ scalars }) => scalars) };
    });

  test.each(METHODS)("%s twice gives the same bits", async (method) => {
    expect(await outcome({ method }, 5)).toEqual(await outcome({ method }, 5));
  });

  test("another order of images, or other initial weights, give another result", async () => {
    const { learnt } = await outcome({}, 5);
    expect((await outcome({}, 6)).learnt).not.toEqual(learnt);
    expect((await outcome({ seed: 2 }, 5)).learnt).not.toEqual(learnt);
  });
});

describe("stopping after step 3 of 6 and resuming equals an uninterrupted run, to the bit", () => {
  // Momentum, banks, BN statistics, both streams' positions, schedules and warm-up must be restored.
  const setups: TinySetup[] = [
    { method: "source-only" },
    { method: "minent" },
    { method: "cfcontra" },
    { method: "cfcontra", head: "simclr", options: { warmup: 3, thresholdDecay: true } },
    { method: "cfcontra", context: { duplicateUpdates: true }, options: { warmup: 1 } },
  ];
  test.each(setups)("%j", async (setup) => {
    await inTemporaryFolder(async (folder) => {
      const whole = await using(setup, async (run) => {
        const reports = await trainTiny(run, { steps: 6, schedule: 8 });
        return { learnt: everything(run), scalars: reports.map(({ scalars }) => scalars) };
      });
      const first = await using(setup, async (run) => {
        const reports = await trainTiny(run, { steps: 6, schedule: 8, stopAfter: 3 });
        saveInto(folder, info(3), run.network, run.method);
        return reports;
      });
      // Another seed: none of the initial weights of the second process may remain.
      await using({ ...setup, seed: 9 }, async (run) => {
        const { step: start } = resume(latestCheckpoint(folder), run.network, run.method);
        expect(start).toBe(3);
        const second = await trainTiny(run, { steps: 6, start, schedule: 8 });
        const reports = [...first, ...second];
        expect(reports.map(({ step }) => step)).toEqual([1, 2, 3, 4, 5, 6]);
        expect(reports.map(({ scalars }) => scalars)).toEqual(whole.scalars);
        expect(everything(run)).toEqual(whole.learnt);
      });
    });
  });
});

describe("numbers that are not finite", () => {
  test("end the run with step and loss in the error; the last checkpoint is intact", async () => {
    await inTemporaryFolder(async (folder) => {
      await using({ method: "minent" }, async (run) => {
        await trainTiny(run, { steps: 2 });
        saveInto(folder, info(2), run.network, run.method);
        const good = everything(run);
        const bias = run.network.parameters.all.get("layer6.conv2d_list.0.bias");
        noGrad(() => bias?.fillInPlace(Number.NaN));
        const more = trainTiny(run, { steps: 4, start: 2 });
        const names = ["step 3: ", "source/main is NaN", "train.rate"];
        await userError(more, "not-finite", ...names);
        expect(resume(latestCheckpoint(folder), run.network, run.method).step).toBe(2);
        expect(everything(run)).toEqual(good);
        await expect(trainTiny(run, { steps: 3, start: 2 })).resolves.toHaveLength(1);
      });
    });
  });

  test("weights that diverged after a finite loss are not saved", async () => {
    await inTemporaryFolder(async (folder) => {
      await using({ method: "source-only" }, async (run) => {
        await trainTiny(run, { steps: 1 });
        saveInto(folder, info(1), run.network, run.method);
        // The loss of this step is finite, the weights after its update are not.
        run.method.state.get("layer6.conv2d_list.0.bias")?.fillInPlace(1e38);
        await trainTiny(run, { steps: 2, start: 1, rate: 10 });
        const save = () => saveInto(folder, info(2), run.network, run.method);
        const names = ["step 2: ", "network/", "checkpoint", "train.rate"];
        await userError(save, "not-finite", ...names);
        expect(checkpoints(folder)).toHaveLength(1);
        expect(resume(latestCheckpoint(folder), run.network, run.method).step).toBe(1);
      });
    });
  });
});

describe("the loop", () => {
  test("does not leak: tensors and bytes are the same after ten steps as after two", async () => {
    await using({ context: { gradientNorms: true } }, async (run) => {
      await trainTiny(run, { steps: 2 });
      const before = liveMemory();
      await trainTiny(run, { steps: 10, start: 2 });
      expect(liveMemory()).toEqual(before);
    });
  });

  test("decays the rate by poly to step `schedule`, not to its own last step", async () => {
    await using({ method: "source-only" }, async (run) => {
      const reports = await trainTiny(run, { steps: 3, schedule: 10, rate: 0.02 });
      expect(reports.map(({ rate }) => rate)).toEqual([0.02, 0.02 * 0.9 ** 0.9, 0.02 * 0.8 ** 0.9]);
    });
  });

  test("warms up, and passes the whole factor to the method; a resumed run continues in the middle", async () => {
    const seen = async (from: number) => {
      const decays: number[] = [];
      const method: Method = {
        ...{ usesTarget: false, headline: "", state: new Map() },
        step(_: unknown, { rate, decay }: Progress) {
          expect(rate).toBe(0.02 * decay);
          decays.push(decay);
          return {};
        },
      };
      await using({}, (run) =>
        trainTiny(
          { ...run, method },
          { steps: 5, start: from, schedule: 10, warmup: 4, rate: 0.02 },
        ),
      );
      return decays;
    };
    const decays = await seen(0);
    const poly = (step: number) => (1 - step / 10) ** 0.9;
    for (const [step, decay] of decays.entries()) {
      expect(decay).toBeCloseTo(poly(step) * (1e-6 + (1 - 1e-6) * (step / 4)), 12);
    }
    expect(decays[4]).toBe(poly(4));
    expect(await seen(3)).toEqual(decays.slice(3));
  });

  test("discriminators warm up with the network", async () => {
    const moved = (warmup: number) =>
      using({ method: "advent" }, async (run) => {
        const weight = run.method.state.get("discriminator.0.weight") as Tensor;
        const before = weight.numbers();
        await trainTiny(run, { steps: 1, schedule: 10, warmup });
        const after = weight.numbers();
        return Math.max(...after.map((value, i) => Math.abs(value - (before[i] as number))));
      });
    expect(await moved(0)).toBeCloseTo(1e-4, 6); // Adam's first step is as long as its rate
    expect(await moved(2)).toBeLessThan(1e-8);
  });

  test("source-only never opens a target image", async () => {
    let reads = 0;
    const target = {
      ...tinyDataset(4, { relabel: "none" }),
      load: async (): Promise<Sample> => {
        reads++;
        throw new UserError("not-found", "the target was read");
      },
    };
    await using({ method: "source-only" }, (run) => trainTiny(run, { steps: 2, target }));
    expect(reads).toBe(0);
    await using({ method: "minent" }, async (run) => {
      await userError(trainTiny(run, { steps: 2, target }), "not-found", "the target was read");
    });
  });

  test("gives a method samples of both domains in the order of the seed, the target without labels", async () => {
    const look = async (seed: number) => {
      const seen: Record<string, Sample[]> = { source: [], target: [] };
      const method: Method = {
        ...{ usesTarget: true, headline: "", state: new Map(), step: () => ({}) },
        async before(_, domains) {
          for (const domain of ["source", "target"] as const) {
            for await (const sample of domains.samples(domain, 9)) seen[domain]?.push(sample);
          }
        },
      };
      const target = tinyDataset(20); // labelled, as in evaluation
      await using({}, ({ network, warnings, dispose }) =>
        trainTiny({ network, method, warnings, dispose }, { steps: 1, seed, target }),
      );
      return seen;
    };
    const { source = [], target = [] } = await look(5);
    expect([source.length, target.length]).toEqual([4, 9]); // all that exist; as many as requested
    expect(source.every((sample) => sample.label !== undefined)).toBe(true);
    expect(target.some((sample) => "label" in sample)).toBe(false);
    const names = (samples: Sample[] = []) => samples.map(({ name }) => name);
    expect(new Set(names(target)).size).toBe(9);
    expect(names((await look(5)).target)).toEqual(names(target));
    expect(names((await look(6)).target)).not.toEqual(names(target));
  });

  test("an unreadable sample ends the run with its own error", async () => {
    const load = async () =>
      Promise.reject(new UserError("image-unreadable", "images/7.png: truncated"));
    const source = { ...tinyDataset(4), load };
    await using({ method: "source-only" }, async (run) => {
      await userError(trainTiny(run, { steps: 2, source }), "image-unreadable", "images/7.png");
    });
  });
});
