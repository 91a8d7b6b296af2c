// The numbers are those of docs/fidelity.md, which lists the other tests of each decision.
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  classMeans,
  contrastiveLoss,
  labelsAt,
  MemoryBank,
  pseudoLabels,
} from "../../src/contrast/index.js";
import { imagesOf, labelsOf } from "../../src/datasets/batch.js";
import { cityscapes19, synthia13, synthia16 } from "../../src/datasets/class-sets.js";
import { type Dataset, IGNORE, type Sample } from "../../src/datasets/dataset.js";
import { openDataset } from "../../src/datasets/open.js";
import { entropyLoss } from "../../src/entropy/index.js";
import { parseConfig } from "../../src/experiment/config.js";
import { parameterGroups, segmentationLoss } from "../../src/network/index.js";
import { sgd } from "../../src/nn/index.js";
import {
  copyInto,
  noGrad,
  scope,
  type Tensor,
  type TensorMap,
  tensor,
} from "../../src/torch/index.js";
import {
  fixtureSize,
  inTemporaryFolder,
  makeCityscapes,
  makeSynthia,
} from "../datasets/fixtures.js";
import { digests, everything, type TinyRun, tinyDataset, trainTiny, using } from "../train/tiny.js";

const progress = { step: 0, total: 10, rate: 0.01, decay: 1 };
const [classes, size] = [3, 64];

/** Two source scenes with labels and two target scenes, as tensors. */
async function batches({ network }: TinyRun, relabel = (id: number) => id) {
  const load = async (set: Dataset) => [await set.load(0), await set.load(1)] as Sample[];
  const source = await load(tinyDataset(2, { relabel }));
  const target = await load(tinyDataset(2, { first: 10, relabel: "none" }));
  return {
    source: { images: imagesOf(source, network.input), labels: labelsOf(source) },
    target: { images: imagesOf(target, network.input) },
  };
}

const state = (run: TinyRun, name: string): Tensor => run.method.state.get(name) as Tensor;
const rows = (bank: Tensor): number[][] =>
  Array.from({ length: classes }, (_, k) => scope(() => bank.select(0, k).numbers()));

/** Prototypes for both banks, different in each, without any training. */
function fillBanks(run: TinyRun): void {
  for (const [i, name] of ["bank.source", "bank.target"].entries()) {
    const means = Float32Array.from({ length: classes * size }, (_, at) => Math.sin(at * (i + 2)));
    const bank = new MemoryBank(classes, size);
    bank.initialize(tensor(means, [classes, size]));
    copyInto(state(run, name), bank.prototypes);
    bank.dispose();
  }
}

/** A copy of a run's bank that is updated separately. */
function copyOfBank(run: TinyRun, name: string): MemoryBank {
  const bank = new MemoryBank(classes, size);
  copyInto(bank.prototypes, state(run, name));
  return bank;
}

/** Features and labels of both domains before a step, from the run's own network and bank. */
function look(run: TinyRun, { source, target }: Awaited<ReturnType<typeof batches>>) {
  const { network } = run;
  const own = network.forward(source.images, true);
  const other = network.forward(target.images, true);
  const fs = network.project(own.features, true);
  const ft = network.project(other.features, true);
  const ys = labelsAt(source.labels, fs.size(2), fs.size(3));
  const bank = copyOfBank(run, "bank.source");
  const yt = pseudoLabels(ft, bank, { threshold: 0.05, distance: "cosine" });
  return { own, other, fs, ft, ys, yt };
}

const copies = (tensors: TensorMap) =>
  new Map([...tensors].map(([name, t]) => [name, Float32Array.from(t.numbers())]));

test("1. duplicateUpdates updates backbone weights once per enclosing module", async () => {
  const names = ["conv1", "layer2.0.conv1", "layer2.0.downsample.0", "layer6.conv2d_list.0"];
  /** How far one step moves each. */
  const moved = (duplicateUpdates: boolean) =>
    using({ method: "source-only", context: { duplicateUpdates, weightDecay: 0 } }, async (run) => {
      const before = copies(run.network.parameters.trainable);
      run.method.step(await batches(run), { ...progress, rate: 1e-4 });
      const after = copies(run.network.parameters.trainable);
      return names.map((name) => {
        const from = before.get(`${name}.weight`) as Float32Array;
        const to = after.get(`${name}.weight`) as Float32Array;
        return Math.hypot(...to.map((value, at) => value - (from[at] as number)));
      });
    });
  const [once, often] = [await moved(false), await moved(true)];
  expect(Math.min(...once)).toBeGreaterThan(0);
  for (const [i, factor] of [1, 3, 4, 1].entries()) {
    expect((often[i] as number) / (once[i] as number)).toBeCloseTo(factor, 1);
  }
});

test.each([true, false])("2. trainProjection %s", async (trainProjection) => {
  await using({ options: { trainProjection } }, async (run) => {
    const before = digests(run.network.parameters.all);
    await trainTiny(run, { steps: 3 });
    const after = digests(run.network.parameters.all);
    for (const name of ["head.0.weight", "head.2.weight", "head.2.bias"]) {
      expect(after.get(name) !== before.get(name)).toBe(trainProjection);
    }
    expect(after.get("layer4.1.conv2.weight")).not.toBe(before.get("layer4.1.conv2.weight"));
  });
});

describe("4. losses without pixels are 0, not NaN", () => {
  test("no labelled source pixel, no confident target pixel", async () => {
    await using({ options: { threshold: 3 } }, async (run) => {
      fillBanks(run);
      const before = [copyOfBank(run, "bank.source"), copyOfBank(run, "bank.target")];
      const scalars = run.method.step(await batches(run, () => IGNORE), progress);
      for (const [name, value] of Object.entries(scalars)) {
        if (name.startsWith("target/entropy")) expect(value).toBeGreaterThan(0);
        else expect([name, value]).toEqual([name, 0]); // pseudo/coverage counts the empty set
      }
      expect(Object.keys(scalars)).toContain("pseudo/coverage");
      expect(Object.keys(scalars)).toContain("contrast/sourceToTarget");
      expect(state(run, "bank.source").numbers()).toEqual(before[0]?.prototypes.numbers());
      expect(state(run, "bank.target").numbers()).toEqual(before[1]?.prototypes.numbers());
      for (const [, weight] of run.network.parameters.all) {
        expect(scope(() => weight.isFinite().not().sum().item())).toBe(0);
      }
    });
  });

  test("source-only without a label", async () => {
    await using({ method: "source-only" }, async (run) => {
      const scalars = run.method.step(await batches(run, () => IGNORE), progress);
      expect(scalars).toEqual({ "source/main": 0, "source/aux": 0 });
    });
  });
});

describe("5. the banks are updated once, after the losses, as set by bankUpdates", () => {
  test.each(["own", "both"] as const)("%s", async (bankUpdates) => {
    await using({ options: { bankUpdates } }, async (run) => {
      fillBanks(run);
      const batch = await batches(run, (id) => (id === 1 ? IGNORE : id));
      const { fs, ys, ft, yt } = look(run, batch);
      const source = classMeans(fs, ys, classes);
      const target = classMeans(ft, yt, classes);
      expect(source.counts.numbers().map((count) => count > 0)).toEqual([true, false, true]);
      expect(Math.max(...target.counts.numbers())).toBeGreaterThan(0);
      const banks = {
        "bank.source": [source, target],
        "bank.target": [target, source],
      } as const;
      const expected = Object.entries(banks).map(([name, [own, other]]) => {
        const bank = copyOfBank(run, name);
        bank.update(own, 0.9);
        if (bankUpdates === "both") bank.update(other, 0.9);
        return [name, bank.prototypes.numbers()] as const;
      });
      const before = rows(state(run, "bank.source"));
      run.method.step(batch, progress);
      for (const [name, prototypes] of expected) {
        expect(state(run, name).numbers()).toEqual(prototypes);
      }
      // No source pixel is of class 1: its own update keeps the prototype exactly.
      if (bankUpdates === "own") expect(rows(state(run, "bank.source"))[1]).toEqual(before[1]);
    });
  });

  test("the banks converge with `both`, and stay different with `own`", async () => {
    const likeness = (bankUpdates: string) =>
      using({ options: { bankUpdates } }, async (run) => {
        fillBanks(run);
        await trainTiny(run, { steps: 31, start: 1, rate: 0.001 });
        const [a, b] = [rows(state(run, "bank.source")), rows(state(run, "bank.target"))];
        const cosines = a.map((row, k) =>
          row.reduce((sum, value, d) => sum + value * (b[k]?.[d] ?? 0), 0),
        );
        return Math.min(...cosines);
      });
    const [own, both] = [await likeness("own"), await likeness("both")];
    expect(both).toBeGreaterThan(0.99);
    expect(own).toBeLessThan(0.95);
  });
});

test("6. the contrastive loss is finite and uncapped at any temperature", () => {
  const bank = new MemoryBank(2, 2);
  bank.initialize(tensor(Float32Array.of(1, 0, -1, 0), [2, 2]));
  const label = tensor(BigInt64Array.of(1n), [1, 1, 1]); // the far prototype
  for (const [temperature, loss] of [
    [0.07, 2 / 0.07],
    [0.01, 200],
    [0.001, 2000],
  ] as const) {
    const feature = tensor(Float32Array.of(3, 0), [1, 2, 1, 1]);
    feature.requiresGrad = true;
    const found = contrastiveLoss(feature, label, bank, temperature);
    found.backward();
    expect(found.item()).toBeCloseTo(loss, 2); // -log softmax of cosines 1 and -1
    expect(feature.grad?.numbers().every(Number.isFinite)).toBe(true);
  }
  bank.dispose();
});

describe("8. classes that are not in the first images", () => {
  const source = tinyDataset(4, { relabel: (id) => (id === 2 ? IGNORE : id) });

  test("are named in a warning, and start with the first batch that has them", async () => {
    await using({}, async (run) => {
      await trainTiny(run, { steps: 1, source });
      const [warning = "", ...more] = run.warnings.filter((text) => text.includes("source bank"));
      expect(more).toEqual([]);
      expect(warning).toMatch(/^the source bank .*for class ([01], )*2:/);
      expect(rows(state(run, "bank.source"))[2]?.every((value) => value === 0)).toBe(true);
      await trainTiny(run, { steps: 2, start: 1 });
      expect(Math.hypot(...(rows(state(run, "bank.source"))[2] ?? []))).toBeCloseTo(1, 5);
    });
  });
});

test("9. computing the first prototypes does not change weights and batch-norm statistics", async () => {
  await using({ head: "simclr" }, async (run) => {
    const images = tinyDataset(4);
    const before = digests(run.network.parameters.all);
    const domains = {
      async *samples() {
        for (let i = 0; i < 4; i++) yield await images.load(i);
      },
    };
    await run.method.before?.(progress, domains);
    expect(state(run, "bank.source").norm().item()).toBeGreaterThan(0);
    expect(digests(run.network.parameters.all)).toEqual(before);
  });
});

// 10. Labels of the target cannot influence a single weight: every-method.test.ts.

test("11. SYNTHIA and Cityscapes agree on the number of every class of the 16 and of the 13", async () => {
  await inTemporaryFolder(async (root) => {
    await makeSynthia(join(root, "synthia"), 1);
    await makeCityscapes(join(root, "cityscapes"), 1);
    for (const [name, set] of Object.entries({ synthia16, synthia13 })) {
      const open = async (type: string) =>
        (await openDataset({ type, root: join(root, type), classes: name })).load(0);
      const [synthia, cityscapes] = [await open("synthia"), await open("cityscapes")];
      expect(synthia.label).toEqual(cityscapes.label);
      // Sky, car: they come after vegetation, where the reference's numbering is wrong.
      const found = new Set(cityscapes.label);
      for (const present of ["road", "building", "vegetation", "sky", "car"]) {
        expect(found).toContain(set.names.indexOf(present));
      }
      expect(Math.max(...[...found].filter((id) => id !== IGNORE))).toBeLessThan(set.names.length);
      expect(set.names.map((one) => cityscapes19.names.indexOf(one))).not.toContain(-1);
    }
  });
});

test("12. back-propagating one domain after the other equals a step of the joint graph", async () => {
  const weights = { contrast: 0.5, entropy: 0.3, entropyAux: 0.1, aux: 0.2 };
  const apart = await using({ options: weights }, async (run) => {
    fillBanks(run);
    run.method.step(await batches(run), progress);
    return { parameters: copies(run.network.parameters.trainable) };
  });
  const joint = await using({ options: weights }, async (run) => {
    fillBanks(run);
    const batch = await batches(run);
    const { network } = run;
    const { own, other, fs, ft, ys, yt } = look(run, batch);
    const [ms, mt] = [copyOfBank(run, "bank.source"), copyOfBank(run, "bank.target")];
    const { height, width } = fixtureSize;
    const terms: [number, Tensor][] = [
      [1, segmentationLoss(own.main, batch.source.labels)],
      [weights.aux, segmentationLoss(own.aux, batch.source.labels)],
      [weights.entropy, entropyLoss(other.main, height, width)],
      [weights.entropyAux, entropyLoss(other.aux, height, width)],
      [weights.contrast, contrastiveLoss(fs, ys, ms)],
      [weights.contrast, contrastiveLoss(fs, ys, mt)],
      [weights.contrast, contrastiveLoss(ft, yt, mt)],
      [weights.contrast, contrastiveLoss(ft, yt, ms)],
    ];
    for (const [, loss] of terms) expect(loss.item()).toBeGreaterThan(0);
    terms
      .map(([weight, loss]) => loss.mul(weight))
      .reduce((sum, loss) => sum.add(loss))
      .backward();
    sgd(parameterGroups(network)).step(progress.rate);
    return { parameters: copies(network.parameters.trainable) };
  });
  for (const [name, expected] of joint.parameters) {
    const found = apart.parameters.get(name) as Float32Array;
    const error = Math.hypot(...expected.map((value, at) => value - (found[at] as number)));
    expect(error / Math.max(1e-3, Math.hypot(...expected)), name).toBeLessThan(1e-6);
  }
});

test("14. the sizes of training and evaluation are required, each separately", () => {
  const set = { type: "streets", count: 1 };
  const sizes = { source: [1280, 640], target: [1280, 640], evaluate: [1024, 512] };
  const config = { source: set, target: set, evaluate: { target: set }, sizes };
  expect(() => parseConfig({ ...config, sizes: undefined })).toThrow(/sizes/);
  for (const name of ["source", "target", "evaluate"]) {
    expect(() => parseConfig({ ...config, sizes: { ...sizes, [name]: undefined } })).toThrow(
      new RegExp(`sizes\\.${name}`),
    );
  }
  expect(parseConfig(config).sizes).toMatchObject({
    source: { width: 1280, height: 640 },
    evaluate: { width: 1024, height: 512 },
  });
});

describe("15. gradient norms", () => {
  test("are logged for every weighted loss, and do not change the training", async () => {
    const outcome = (gradientNorms: boolean) =>
      using({ context: { gradientNorms }, options: { entropyAux: 0 } }, async (run) => {
        const reports = await trainTiny(run, { steps: 2 });
        return { learnt: everything(run), scalars: reports.at(-1)?.scalars ?? {} };
      });
    const [off, on] = [await outcome(false), await outcome(true)];
    expect(on.learnt).toEqual(off.learnt);
    const norms = Object.keys(on.scalars).filter((name) => name.startsWith("gradient/"));
    expect(norms.sort()).toEqual([
      "gradient/contrast/source",
      "gradient/contrast/sourceToTarget",
      "gradient/contrast/target",
      "gradient/contrast/targetToSource",
      "gradient/source/aux",
      "gradient/source/main",
      "gradient/target/entropy", // entropyAux has weight 0
    ]);
    expect(Object.keys(off.scalars).filter((name) => name.startsWith("gradient/"))).toEqual([]);
    expect(on.scalars).toMatchObject(off.scalars);
  });

  test("are the length of a step with only that loss", async () => {
    const context = { gradientNorms: true, momentum: 0, weightDecay: 0, headRate: 1 };
    await using({ method: "source-only", context, options: { aux: 0 } }, async (run) => {
      const before = copies(run.network.parameters.trainable);
      const scalars = run.method.step(await batches(run), { ...progress, rate: 0.01 });
      let squared = 0;
      for (const [name, to] of copies(run.network.parameters.trainable)) {
        const from = before.get(name) as Float32Array;
        squared += to.reduce((sum, value, at) => sum + (value - (from[at] as number)) ** 2, 0);
      }
      const norm = scalars["gradient/source/main"] as number;
      expect(Math.sqrt(squared) / 0.01 / norm).toBeCloseTo(1, 3);
    });
  });

  test("show how small the contrastive terms are at the published weights", async () => {
    await using({ context: { gradientNorms: true } }, async (run) => {
      noGrad(() => fillBanks(run));
      const scalars = run.method.step(await batches(run), progress);
      const contrast = scalars["gradient/contrast/source"] as number;
      expect(contrast).toBeGreaterThan(0);
      expect(contrast).toBeLessThan((scalars["gradient/source/main"] as number) / 5);
    });
  });
});
