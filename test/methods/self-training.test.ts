import { describe, expect, test } from "vitest";
import { IGNORE } from "../../src/datasets/dataset.js";
import { UserError } from "../../src/errors.js";
import { classMix } from "../../src/methods/step/class-mix.js";
import { meanTeacher } from "../../src/methods/step/teacher.js";
import { weightedSegmentationLoss } from "../../src/network/index.js";
import {
  crossEntropy,
  dispose,
  full,
  manualSeed,
  noGrad,
  scope,
  type Tensor,
  tensor,
} from "../../src/torch/index.js";
import { gradientError, logits } from "../entropy/finite-differences.js";
import { digests, tinyDataset, tinyRun, trainTiny, using } from "../train/tiny.js";

const int64 = (values: number[], shape: number[]) =>
  tensor(BigInt64Array.from(values.map(BigInt)), shape);

/** A batch whose images hold one value everywhere, with these labels [N, 1, W] and weights. */
function constant(labels: number[][], value: number, weight: number) {
  const [n, w] = [labels.length, (labels[0] as number[]).length];
  return {
    images: full([n, 3, 1, w], value),
    labels: int64(labels.flat(), [n, 1, w]),
    weights: full([n, 1, w], weight),
  };
}

describe("classMix", () => {
  const source = [
    [0, 0, 1, 2, 3, IGNORE],
    [2, 2, 2, 2, 2, 2],
  ];
  const mix = (seed: number) =>
    scope(() => {
      manualSeed(seed);
      const mixed = classMix(constant(source, 1, 1), constant(source, -1, 0.25), 4);
      return {
        images: mixed.images.numbers(),
        weights: mixed.weights.numbers(),
        labels: mixed.labels.numbers(),
      };
    });

  test("pastes whole classes, half of an image's own, never what is unlabelled", () => {
    for (let seed = 0; seed < 20; seed++) {
      const { images, weights, labels } = mix(seed);
      const pasted = weights.map((weight) => weight === 1);
      const [first, second] = [pasted.slice(0, 6), pasted.slice(6)];
      const classes = [0, 1, 2, 3].filter((k) => first[(source[0] as number[]).indexOf(k)]);
      expect(classes).toHaveLength(2);
      expect(first).toEqual(source[0]?.map((k) => classes.includes(k)));
      expect(second).toEqual(Array(6).fill(true)); // one class: half of it, rounded up
      expect(labels).toEqual(source.flat());
      // Images, [2, 3, 1, 6], and weights come from the same domain.
      const expected = [first, first, first, second, second, second].flat();
      expect(images).toEqual(expected.map((is) => (is ? 1 : -1)));
      expect(weights).toEqual(pasted.map((is) => (is ? 1 : 0.25)));
    }
  });

  test("draws by the generator that checkpoints hold", () => {
    expect(mix(1)).toEqual(mix(1));
    const draws = Array.from({ length: 20 }, (_, seed) => String(mix(seed).weights));
    expect(new Set(draws).size).toBe(6); // 4 over 2
  });

  test("refuses domains of different sizes", () => {
    const mixed = () =>
      scope(() => classMix(constant([[0, 1]], 1, 1), constant([[0, 1, 1]], 1, 1), 2));
    expect(mixed).toThrow(UserError);
    expect(mixed).toThrow(/differ in size \(2x1, 3x1\); make sizes.source and sizes.target equal/);
  });
});

describe("the weighted loss", () => {
  test("is the mean over all pixels of weight times cross-entropy, ignored ones counting 0", () => {
    scope(() => {
      const x = logits([1, 3, 1, 4]);
      const labels = int64([0, 2, IGNORE, 1], [1, 1, 4]);
      const weights = tensor(Float64Array.of(1, 0.5, 1, 0.25), [1, 1, 4]);
      const one = (pixel: number, label: number) =>
        crossEntropy(x.slice(3, pixel, pixel + 1), int64([label], [1, 1, 1])).item();
      const expected = (one(0, 0) + 0.5 * one(1, 2) + 0.25 * one(3, 1)) / 4;
      expect(weightedSegmentationLoss(x, labels, weights).item()).toBeCloseTo(expected, 12);
      const loss = (y: Tensor) => weightedSegmentationLoss(y, labels, weights);
      expect(gradientError(loss, x)).toBeLessThan(1e-6);
    });
  });
});

describe("the teacher", () => {
  test("starts as the student, averages its first steps evenly, then follows at its pace", () => {
    const run = tinyRun({ method: "source-only" });
    const teacher = meanTeacher(run.network, 0.75);
    expect(digests(teacher.network.parameters.all)).toEqual(digests(run.network.parameters.all));
    const name = "layer4.1.bn2.running_mean"; // statistics follow as weights do
    const at = (network: typeof run.network) => network.parameters.all.get(name) as Tensor;
    const found = [8, 4, 0, 0, 16].map((value, step) => {
      noGrad(() => at(run.network).fillInPlace(value));
      teacher.follow(step);
      return scope(() => at(teacher.network).numbers()[0]);
    });
    expect(found).toEqual([8, 6, 4, 3, 6.25]);
    dispose(teacher.state);
    run.dispose();
  });
});

describe("self-training", () => {
  test("mixes from `warmup` on, and the teacher's weights are in its state", async () => {
    await using({ method: "self-training", options: { warmup: 1 } }, async (run) => {
      const reports = await trainTiny(run, { steps: 3 });
      const mixing = reports.map(({ scalars }) => "mixed/main" in scalars);
      expect(mixing).toEqual([false, true, true]);
      const student = run.network.parameters.all;
      for (const name of student.keys()) expect(run.method.state.has(`teacher.${name}`)).toBe(true);
      const [own, theirs] = [student, run.method.state].map((all, i) =>
        all.get(i === 0 ? "layer6.conv2d_list.0.weight" : "teacher.layer6.conv2d_list.0.weight"),
      );
      expect(theirs?.numbers()).not.toEqual(own?.numbers());
    });
  });

  test("pseudo-labels count as much as the teacher is sure, from none to all of it", async () => {
    const sure = (confidence: number) =>
      using({ method: "self-training", options: { confidence } }, async (run) => {
        const reports = await trainTiny(run, { steps: 2 });
        return reports.at(-1)?.scalars["pseudo/confidence"];
      });
    expect(await sure(0)).toBe(1);
    expect(await sure(1)).toBe(0);
  });

  test("normalises prediction by both domains' images, as CFContra does, not by mixtures", async () => {
    const statistics = (method: "cfcontra" | "self-training") =>
      using({ method }, async (run) => {
        await trainTiny(run, { steps: 1 });
        const all = run.network.parameters.all;
        return digests(new Map([...all].filter(([name]) => name.includes("running"))));
      });
    expect(await statistics("self-training")).toEqual(await statistics("cfcontra"));
  });

  test("learns from target images alone where the source has no label", async () => {
    const moved = (confidence: number) =>
      using(
        {
          method: "self-training",
          options: { confidence, entropy: 0, entropyAux: 0, contrast: 0, denoising: 0 },
          context: { weightDecay: 0 },
        },
        async (run) => {
          const name = "layer6.conv2d_list.0.weight";
          const before = digests(run.network.parameters.all).get(name);
          await trainTiny(run, { steps: 1, source: tinyDataset(4, { relabel: () => IGNORE }) });
          return digests(run.network.parameters.all).get(name) !== before;
        },
      );
    expect(await moved(0)).toBe(true);
    expect(await moved(1)).toBe(false);
  });
});
