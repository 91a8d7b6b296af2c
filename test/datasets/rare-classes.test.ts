import { describe, expect, test } from "vitest";
import { createLoader } from "../../src/datasets/loader.js";
import {
  classProbabilities,
  classStatistics,
  rareClassSampler,
  samplingSchema,
} from "../../src/datasets/rare-classes.js";
import { tinyDataset } from "../train/tiny.js";
import { fixtureSize } from "./fixtures.js";

const options = (changes: object) => samplingSchema.parse({ rareClasses: true, ...changes });

/** Ten images: class 0 everywhere, class 1 in four (a trace of it in one), class 2 in none. */
const statistics = Array.from({ length: 10 }, (_, i) => [900, i < 3 ? 100 : i === 3 ? 1 : 0, 0]);

describe("rare classes", () => {
  test("P(c) ~ exp((1 - f_c) / T), and 0 for a class that does not occur", () => {
    const total = 9000 + 301;
    const [a, b] = [9000, 301].map((sum) => Math.exp((1 - sum / total) / 0.5)) as [number, number];
    const [p, q, none] = classProbabilities(statistics, 0.5) as [number, number, number];
    expect(p).toBeCloseTo(a / (a + b), 12);
    expect(q).toBeCloseTo(b / (a + b), 12);
    expect(none).toBe(0);
    expect(classProbabilities(statistics, 1e-4)).toEqual([0, 1, 0]); // no overflow
  });

  test("images of the rare class are drawn with its probability", () => {
    const at = rareClassSampler(statistics, 7, options({ temperature: 0.5 }));
    const drawn = Array.from({ length: 4000 }, (_, k) => at(k));
    const share = (test: (i: number) => boolean) => drawn.filter(test).length / drawn.length;
    const [p, q] = classProbabilities(statistics, 0.5) as [number, number];
    // Class 0 draws from all ten images, class 1 from the three in which it has the least share.
    expect(share((i) => i < 3)).toBeCloseTo(q + 0.3 * p, 1);
    expect(share((i) => i === 3)).toBeCloseTo(0.1 * p, 1);
    const traces = rareClassSampler(statistics, 7, options({ temperature: 1e-4, leastShare: 0 }));
    expect(new Set(Array.from({ length: 200 }, (_, k) => traces(k)))).toEqual(
      new Set([0, 1, 2, 3]),
    );
  });

  test("element k depends on the seed, not on where the stream begins", () => {
    const stream = (seed: number, from: number) => {
      const at = rareClassSampler(statistics, seed, options({}));
      return Array.from({ length: 20 }, (_, i) => at(from + i));
    };
    expect(stream(7, 10).slice(0, 10)).toEqual(stream(7, 0).slice(10));
    expect(stream(8, 0)).not.toEqual(stream(7, 0));
  });

  test("without labels, all images are equally likely", () => {
    const at = rareClassSampler(
      [
        [0, 0],
        [0, 0],
      ],
      1,
      options({}),
    );
    expect(new Set(Array.from({ length: 50 }, (_, k) => at(k)))).toEqual(new Set([0, 1]));
  });

  test("are counted at the working size, and the loader takes their order", async () => {
    const dataset = tinyDataset(3);
    const counted = await classStatistics(dataset, fixtureSize);
    for (const [i, counts] of counted.entries()) {
      const { label = new Uint8Array() } = await dataset.load(i);
      expect(counts).toEqual([0, 1, 2].map((c) => label.filter((id) => id === c).length));
    }
    const loader = createLoader(dataset, {
      ...{ batch: 2, size: fixtureSize, seed: 1, start: 2 },
      order: (k) => (k * 2) % 3,
    });
    const names = [...(await loader.next()), ...(await loader.next())].map(({ name }) => name);
    loader.close();
    expect(names).toEqual(["1", "0", "2", "1"]);
  });
});
