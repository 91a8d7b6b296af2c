import { describe, expect, test } from "vitest";
import { IGNORE } from "../../src/datasets/dataset.js";
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
import { userError } from "../user-error.js";

const int64 = (values: number[], shape: number[]) =>
  tensor(BigInt64Array.from(values.map(BigInt)), shape);

/** A batch whose images are filled with one value, with these labels [N, 1, W] and weights. */
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

  test("pastes whole classes, half of those in an image, and no unlabelled pixels", () => {
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

  test("draws from the generator whose state is in checkpoints", () => {
    expect(mix(1)).toEqual(mix(1));
    const draws = Array.from({ length: 20 }, (_, seed) => String(mix(seed).weights));
    expect(new Set(draws).size).toBe(6); // 4 over 2
  });

  test("refuses domains of different sizes", async () => {
    const mixed = () =>
      scope(() => classMix(constant([[0, 1]], 1, 1), constant([[0, 1, 1]], 1, 1), 2));
    await userError(mixed, "size-mismatch", "2x1, 3x1", "sizes.source", "sizes.target");
  });
});

describe("the weighted loss", () => {
  test("is the mean over all pixels of weight times cross-entropy, with 0 for ignored pixels", () => {
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
  test("starts as the student, averages the first steps evenly, then with its decay", () => {
    const run = tinyRun({ method: "source-only" });
    const teacher = meanTeacher(run.network, 0.75);
    expect(digests(teacher.network.parameters.all)).toEqual(digests(run.network.parameters.all));
    const name = "layer4.1.bn2.running_mean"; // statistics are averaged like weights
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
  test("mixes after `warmup`, and has the teacher's weights in its state", async () => {
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

  test("pseudo-labels are weighted by the teacher's confidence, from none to all", async () => {
    const sure = (confidence: number) =>
      using({ method: "self-training", options: { confidence } }, async (run) => {
        const reports = await trainTiny(run, { steps: 2 });
        return reports.at(-1)?.scalars["pseudo/confidence"];
      });
    expect(await sure(0)).toBe(1);
    expect(await sure(1)).toBe(0);
  });

  test("running statistics are those of both domains' images, as in CFContra, not of mixed images", async () => {
    const statistics = (method: "cfcontra" | "self-training") =>
      using({ method }, async (run) => {
        await trainTiny(run, { steps: 1 });
        const all = run.network.parameters.all;
        return digests(new Map([...all].filter(([name]) => name.includes("running"))));
      });
    expect(await statistics("self-training")).toEqual(await statistics("cfcontra"));
  });

  test("learns from target images if the source has no labels", async () => {
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
