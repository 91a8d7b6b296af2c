import { describe, expect, test } from "vitest";
import { imagesOf } from "../../src/datasets/batch.js";
import { IGNORE, type Sample } from "../../src/datasets/dataset.js";
import { maskBlocks } from "../../src/methods/step/masked-image.js";
import { upsampleLogits } from "../../src/network/index.js";
import { crossEntropy, full, manualSeed, noGrad, rand, scope } from "../../src/torch/index.js";
import { tinyDataset, trainTiny, using } from "../train/tiny.js";

describe("maskBlocks", () => {
  test("masks random square blocks, different in every image", () => {
    const [height, width, block] = [16, 40, 0.25]; // 4 x 10 blocks of 4 pixels
    const [draws, masked] = scope(() => {
      manualSeed(3);
      const draws = rand([2, 1, 4, 10]).numbers();
      manualSeed(3);
      const images = full([2, 3, height, width], 7);
      return [draws, maskBlocks(images, { ratio: 0.7, block }).numbers()] as const;
    });
    let at = 0;
    for (const n of [0, 1]) {
      for (let c = 0; c < 3; c++) {
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const draw = draws[n * 40 + Math.floor(y / 4) * 10 + Math.floor(x / 4)] as number;
            expect(masked[at++]).toBe(draw > 0.7 ? 7 : 0);
          }
        }
      }
    }
  });

  test("keeps about 1 - ratio of an image, and blocks that do not divide it are stretched", () => {
    manualSeed(1);
    const share = (ratio: number, block: number) =>
      scope(() =>
        maskBlocks(full([8, 3, 50, 94], 1), { ratio, block })
          .mean()
          .item(),
      );
    expect(share(0.7, 1 / 16)).toBeCloseTo(0.3, 1);
    expect(share(0.2, 1 / 7)).toBeCloseTo(0.8, 1);
    expect([share(0, 0.1), share(1, 0.1)]).toEqual([1, 0]);
  });
});

describe("masked image consistency", () => {
  const target = tinyDataset(2, { first: 10, relabel: "none" });
  const source = tinyDataset(4, { relabel: () => IGNORE });
  const plain = {
    ...{ denoising: 0, entropy: 0, entropyAux: 0, contrast: 0, mixed: 0, jitter: 0 },
    confidence: 0, // every pixel exceeds this
  };

  test("compares the student's prediction for the masked image with the teacher's labels for the whole image", async () => {
    const options = { ...plain, mask: { ratio: 0, weight: 1 }, ignoreTop: 0.25, ignoreBottom: 0.5 };
    await using({ method: "self-training", options }, async (run) => {
      const samples = (await Promise.all([0, 1].map((i) => target.load(i)))) as Sample[];
      const teacher = run.method.average?.network;
      const expected = noGrad(() =>
        scope(() => {
          const images = imagesOf(samples, run.network.input);
          const [height, width] = [images.size(2), images.size(3)];
          const said = (teacher as NonNullable<typeof teacher>).forward(images, false).main;
          const labels = upsampleLogits(said, height, width).argmax(1);
          const logits = upsampleLogits(run.network.forward(images, true).main, height, width);
          const losses = crossEntropy(logits, labels, { reduction: "none" }); // [N, H, W]
          const kept = losses.slice(1, height / 4, height / 2);
          return kept.sum().item() / losses.count;
        }),
      );
      const [report] = await trainTiny(run, { steps: 1, target, source });
      expect(report?.scalars["target/masked"]).toBeCloseTo(expected, 4);
    });
  });

  test("is weighted by the fraction of confident pixels, and trains only the student", async () => {
    const moved = (own: object, mask: object | undefined = {}) =>
      using(
        {
          method: "self-training",
          options: { ...plain, ...own, mask },
          context: { weightDecay: 0 },
        },
        async (run) => {
          const weight = run.network.parameters.all.get("layer6.conv2d_list.0.weight");
          const before = weight?.numbers();
          const [report] = await trainTiny(run, { steps: 1, target, source });
          const after = weight?.numbers();
          return { scalars: report?.scalars ?? {}, moved: String(after) !== String(before) };
        },
      );
    const sure = await moved({});
    expect(sure.scalars["target/masked"]).toBeGreaterThan(0);
    expect(sure.moved).toBe(true);
    const unsure = await moved({ confidence: 1 });
    expect([unsure.scalars["target/masked"], unsure.moved]).toEqual([0, false]);
    const nowhere = await moved({ ignoreTop: 0.5, ignoreBottom: 0.5 });
    expect([nowhere.scalars["target/masked"], nowhere.moved]).toEqual([0, false]);
    expect(nowhere.scalars["pseudo/confidence"]).toBe(1);
  });

  test("its labels are those of the images before augmentation", async () => {
    const confidence = (own: object) =>
      using({ method: "self-training", options: { ...own, confidence: 0.4 } }, async (run) => {
        const [report] = await trainTiny(run, { steps: 1 });
        const { "pseudo/confidence": sure, "mixed/main": loss } = report?.scalars ?? {};
        return { sure, loss };
      });
    const weak = await confidence({});
    const strong = await confidence({ strong: { jitter: 1, hue: 0.5, blur: 4 } });
    expect(strong.sure).toBe(weak.sure);
    expect(strong.loss).not.toBe(weak.loss);
  });
});
