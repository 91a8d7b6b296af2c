import { afterAll, describe, expect, test } from "vitest";
import { imagesOf } from "../../src/datasets/batch.js";
import { type Dataset, IGNORE, type Sample, type Size } from "../../src/datasets/dataset.js";
import { evaluate, predictLabels, probabilities, scores } from "../../src/evaluate/index.js";
import { liveMemory, noGrad, scope, upsampleBilinear } from "../../src/torch/index.js";
import { fixtureSize } from "../datasets/fixtures.js";
import { digests, tinyClasses, tinyDataset, tinyRun } from "../train/tiny.js";
import { userError } from "../user-error.js";

const run = tinyRun({ method: "source-only" });
afterAll(() => run.dispose());
const { network } = run;
const sample = await tinyDataset(1).load(0);
const large: Size = { width: 128, height: 64 };

describe("prediction", () => {
  test("is the argmax of the main head's logits, upsampled with aligned corners", () => {
    const expected = scope(() =>
      noGrad(() => {
        const { main } = network.forward(imagesOf([sample], network.input), false);
        return upsampleBilinear(main, large.height, large.width).argmax(1).numbers();
      }),
    );
    expect(new Set(expected).size).toBeGreaterThan(1);
    expect([...predictLabels(network, sample, large)]).toEqual(expected);
  });

  test("probabilities add up to 1 at the requested size", () => {
    scope(() => {
      const p = probabilities(network, sample, large);
      expect(p.shape).toEqual([1, 3, 64, 128]);
      expect(p.requiresGrad).toBe(false);
      expect(p.sum(1).sub(1).abs().max().item()).toBeLessThan(1e-6);
    });
  });

  test("does not change the network and leaks no tensors, also in bfloat16", () => {
    const weights = digests(network.parameters.all);
    const before = liveMemory();
    predictLabels(network, sample, large);
    predictLabels(network, sample, large, { precision: "bfloat16" });
    expect(liveMemory()).toEqual(before);
    expect(digests(network.parameters.all)).toEqual(weights);
  });
});

describe("evaluate", () => {
  /** The fixtures, labelled at any size with the network's own predictions. */
  function agreeing(count: number, edit = (label: Uint8Array) => label): Dataset {
    const own = tinyDataset(count);
    return {
      ...own,
      async load(index, size = fixtureSize): Promise<Sample> {
        const loaded = await own.load(index);
        return { ...loaded, ...size, label: edit(predictLabels(network, loaded, size)) };
      },
    };
  }

  test("a network that agrees with the labels scores 1", async () => {
    const done: string[] = [];
    const confusion = await evaluate(network, agreeing(3), {
      size: fixtureSize,
      onImage: (image, total) => done.push(`${image}/${total}`),
    });
    expect(done).toEqual(["1/3", "2/3", "3/3"]);
    expect(confusion.counts.reduce((sum, count) => sum + count, 0)).toBe(3 * 64 * 32);
    expect(scores(confusion)).toMatchObject({ miou: 1, accuracy: 1 });
  });

  test("skips ignored pixels and counts wrong ones", async () => {
    const edit = (label: Uint8Array) => {
      const changed = label.slice();
      changed.fill(IGNORE, 0, 500);
      changed[600] = ((changed[600] as number) + 1) % 3;
      return changed;
    };
    const confusion = await evaluate(network, agreeing(1, edit), { size: fixtureSize });
    expect(confusion.counts.reduce((sum, count) => sum + count, 0)).toBe(64 * 32 - 500);
    expect(scores(confusion).accuracy).toBe(1 - 1 / (64 * 32 - 500));
  });

  test("the network gets images of `size`, and predictions are compared with labels at `output`", async () => {
    const asked: (Size | undefined)[] = [];
    const set = agreeing(2);
    const watched: Dataset = {
      ...set,
      load: (index, size) => {
        asked.push(size);
        // Labels are loaded at `large`, the image for the network at its own size.
        return size === large ? set.load(index, large) : tinyDataset(2).load(index);
      },
    };
    const confusion = await evaluate(network, watched, { size: fixtureSize, output: large });
    expect(asked).toEqual(expect.arrayContaining([large, large, fixtureSize, fixtureSize]));
    expect(confusion.counts.reduce((sum, count) => sum + count, 0)).toBe(2 * 128 * 64);
    expect(scores(confusion).accuracy).toBe(1);
  });

  test("the network gets images from the coarse stage", async () => {
    const darker = (sample: Sample): Sample => ({
      ...sample,
      image: sample.image.map((value) => value >> 1),
    });
    const sample = await tinyDataset(1).load(0);
    scope(() => {
      const staged = probabilities(network, sample, fixtureSize, { stage: darker }).numbers();
      expect(staged).toEqual(probabilities(network, darker(sample), fixtureSize).numbers());
      expect(staged).not.toEqual(probabilities(network, sample, fixtureSize).numbers());
    });
  });

  test("refuses a data set without labels, or with another number of classes", async () => {
    const unlabelled = tinyDataset(1, { relabel: "none" });
    await userError(evaluate(network, unlabelled, { size: fixtureSize }), "no-labels", "tiny");
    const { names, colors } = tinyClasses;
    const two = { names: names.slice(0, 2), colors: colors.slice(0, 2) };
    const other = evaluate(network, { ...tinyDataset(1), classes: two }, { size: fixtureSize });
    await userError(other, "class-mismatch", "tiny has 2 classes", "predicts 3");
  });
});

describe("several views of an image", () => {
  const half: Size = { width: 32, height: 16 };
  test("scales and flips are averaged as probabilities", async () => {
    const set = tinyDataset(1);
    const views: Record<string, Sample> = {};
    const resized: Dataset = {
      ...set,
      labelled: true,
      async load(_, size = fixtureSize) {
        // The same image at the requested size, by nearest neighbour.
        const { image, label } = sample;
        const [sx, sy] = [fixtureSize.width / size.width, fixtureSize.height / size.height];
        const pixel = (i: number) =>
          Math.floor(Math.floor(i / size.width) * sy) * fixtureSize.width +
          Math.floor((i % size.width) * sx);
        const count = size.width * size.height;
        const loaded = {
          ...{ name: "0", ...size },
          image: Uint8Array.from({ length: count * 3 }, (_, i) => {
            return image[pixel(Math.floor(i / 3)) * 3 + (i % 3)] as number;
          }),
          label: Uint8Array.from(
            { length: count },
            (_, i) => (label as Uint8Array)[pixel(i)] as number,
          ),
        };
        views[size.width] = loaded;
        return loaded;
      },
    };
    let seen: Uint8Array | undefined;
    let sure: Float32Array | undefined;
    await evaluate(network, resized, {
      ...{ size: fixtureSize, scales: [0.5, 1], flip: true },
      observe: ({ prediction, confidence }) => {
        seen = prediction;
        sure = confidence;
      },
    });
    const flipped = (view: Sample): Sample => {
      const image = view.image.slice();
      for (let y = 0; y < view.height; y++) {
        for (let x = 0; x < view.width; x++) {
          for (let c = 0; c < 3; c++) {
            image[(y * view.width + x) * 3 + c] = view.image[
              (y * view.width + view.width - 1 - x) * 3 + c
            ] as number;
          }
        }
      }
      return { ...view, image };
    };
    scope(() => {
      const p = (view: Sample) => probabilities(network, view, fixtureSize);
      const both = [views[half.width], views[64]].map((view) => view as Sample);
      const mean = both
        .flatMap((view) => [p(view), p(flipped(view)).flip(3)])
        .reduce((sum, view) => sum.add(view))
        .div(4);
      expect([...(seen as Uint8Array)]).toEqual(mean.argmax(1).numbers());
      const expected = mean.amax(1).numbers();
      for (const [i, value] of (sure as Float32Array).entries()) {
        expect(value).toBeCloseTo(expected[i] as number, 6);
      }
    });
  });

  test("native: labels at their own size", async () => {
    const set = tinyDataset(1);
    const asked: (Size | undefined)[] = [];
    const watched: Dataset = {
      ...set,
      load: (index, size) => {
        asked.push(size);
        return set.load(index);
      },
    };
    const confusion = await evaluate(network, watched, { size: fixtureSize, output: "native" });
    expect(asked).toEqual([undefined]);
    expect(confusion.counts.reduce((sum, count) => sum + count, 0)).toBeGreaterThan(1900);
  });
});
