import { afterAll, describe, expect, test } from "vitest";
import { imagesOf } from "../../src/datasets/batch.js";
import type { Sample, Size } from "../../src/datasets/dataset.js";
import { INPUT_FORMATS } from "../../src/datasets/input-format.js";
import {
  evaluate,
  LEAST_TILE,
  type Observation,
  predictLabels,
  tilesOf,
} from "../../src/evaluate/index.js";
import { inStrips, tiledLogits } from "../../src/evaluate/tiled.js";
import { createNetwork, type Predictor, upsampleLogits } from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import {
  conv2d,
  dispose,
  keep,
  liveMemory,
  manualSeed,
  noGrad,
  randn,
  scope,
  type Tensor,
} from "../../src/torch/index.js";
import { relativeError } from "../golden/relative-error.js";
import { tinyClasses } from "../train/tiny.js";

describe("tiles", () => {
  test.each([
    [1000, 513],
    [8000, 1024],
    [6000, 768],
    [129, 129],
    [130, 129],
    [160, 128],
    [191, 128],
    [4099, 300],
    [64, 512],
  ])("of a side of %i in tiles of %i cover it once", (length, most) => {
    const tiles = tilesOf({ width: length, height: 16 }, { width: most, height: 129 });
    const spans = tiles.map(({ x }) => x);
    expect(spans[0]?.from).toBe(0);
    expect(spans.at(-1)?.to).toBe(length);
    for (const [i, { start, size, from, to }] of spans.entries()) {
      expect(start % 32).toBe(0);
      expect(size).toBeLessThanOrEqual(most);
      expect((length - size) % 32).toBe(0);
      expect(from).toBeLessThan(to);
      if (i === 0) continue;
      expect(from).toBe(spans[i - 1]?.to);
      expect(from % 32).toBe(0);
      // What is kept has seen a quarter of a side around it, or 256 pixels.
      expect(from - start).toBeGreaterThanOrEqual(Math.min(256, size / 4 - 32));
    }
    for (const { start, size, to } of spans.slice(0, -1)) {
      expect(start + size - to).toBeGreaterThanOrEqual(32);
    }
  });

  test("have a smallest size", () => {
    const image = { width: 500, height: 500 };
    expect(() => tilesOf(image, { width: LEAST_TILE - 1, height: 200 })).toThrow(RangeError);
    expect(tilesOf(image, { width: LEAST_TILE, height: 500 }).length).toBeGreaterThan(4);
  });
});

/** An image of waves and edges, so that neighbours differ. */
function sampleOf({ width, height }: Size): Sample {
  const image = Uint8Array.from({ length: width * height * 3 }, (_, i) => {
    const [x, y] = [Math.floor(i / 3) % width, Math.floor(i / 3 / width)];
    return 128 + 60 * Math.sin(x / 9 + (i % 3)) + 60 * Math.sign(Math.sin(y / 23 + x / 41));
  });
  return { name: "waves", width, height, image };
}

const whole = (network: Predictor, sample: Sample): Tensor =>
  scope(() => noGrad(() => network.forward(imagesOf([sample], network.input), false).main));

/** Three strided convolutions: nothing farther than 13 pixels away takes part in a logit. */
function nearsighted(): Predictor & { dispose(): void } {
  manualSeed(5);
  const weights = [
    [8, 3, 7],
    [8, 8, 3],
    [3, 8, 3],
  ].map(([to, from, side]) => keep(randn([to, from, side, side] as number[]).mul(0.2)));
  const forward = (images: Tensor) =>
    weights.reduce((x, weight) => {
      const padding = (weight.size(3) - 1) / 2;
      return conv2d(x, weight, null, { stride: 2, padding }).relu();
    }, images);
  return {
    ...{ classes: 3, input: INPUT_FORMATS.caffe, device: "cpu" },
    forward: (images) => ({ main: forward(images) }),
    dispose: () => dispose(weights),
  };
}

test.each([
  [480, 320],
  [517, 291],
  [800, 129],
  [131, 640],
])("tiles give the whole's logits where overlaps show all that counts, %i x %i", (w, h) => {
  const network = nearsighted();
  const sample = sampleOf({ width: w, height: h });
  scope(() => whole(network, sample)); // the pixels' mean is cached from now on
  const before = liveMemory();
  scope(() => {
    const wanted = whole(network, sample);
    const found = tiledLogits(network, sample, { width: 257, height: 193 }, "float32");
    expect(found.shape).toEqual(wanted.shape);
    expect(relativeError(found, wanted.numbers())).toBeLessThan(1e-5);
  });
  expect(liveMemory()).toEqual(before);
  network.dispose();
});

describe.each([
  ["resnet18", "deeplab-v2"],
  ["mobilenetv1", "deeplab-v2"],
  ["mobilenetv2", "deeplab-v3plus"],
] as const)("tiles of %s under %s", (backbone, decoder) => {
  manualSeed(6);
  const network = createNetwork({
    ...{ backbone, decoder, width: 0.125, classes: 3, head: "none", init: heInit },
  });
  afterAll(() => dispose(network.parameters.all));

  test.each([
    [480, 320],
    [517, 291],
  ])("give logits in the positions of the whole, %i x %i", (width, height) => {
    const sample = sampleOf({ width, height });
    scope(() => {
      const wanted = whole(network, sample);
      const found = tiledLogits(network, sample, { width: 257, height: 193 }, "float32");
      expect(found.shape).toEqual(wanted.shape);
      const apart = (a: Tensor, b: Tensor) => a.sub(b).norm().item();
      const next = wanted.size(3) - 1;
      expect(apart(found, wanted)).toBeLessThan(apart(found.slice(3, 0, next), wanted.slice(3, 1)));
      expect(apart(found, wanted)).toBeLessThan(apart(found.slice(3, 1), wanted.slice(3, 0, next)));
    });
  });

  test("one tile is the whole", () => {
    const sample = sampleOf({ width: 150, height: 130 });
    const output = { width: 301, height: 77 };
    const tile = { width: 160, height: 160 };
    const found = predictLabels(network, sample, output, { tile });
    const wanted = predictLabels(network, sample, output);
    const equal = found.filter((label, i) => label === wanted[i]).length;
    expect(equal / wanted.length).toBeGreaterThan(0.9999);
  });
});

test("strips of probabilities are those of the whole, averaged over the views", () => {
  manualSeed(2);
  const before = liveMemory();
  scope(() => {
    const views = [randn([1, 6, 9, 13]), randn([1, 6, 5, 7])];
    const output = { width: 200, height: 210 };
    const wanted = views
      .map((view) => upsampleLogits(view, output.height, output.width).softmax(1))
      .reduce((sum, part) => sum.add(part))
      .div(2);
    const tops: number[] = [];
    let most = 0;
    inStrips(
      views,
      output,
      ({ top, probabilities }) => {
        tops.push(top);
        const part = wanted.slice(2, top, top + probabilities.size(2));
        most = Math.max(most, probabilities.sub(part).abs().max().item());
      },
      50_000,
    );
    expect(tops.length).toBeGreaterThan(2);
    expect(most).toBeLessThan(1e-6);
  });
  expect(liveMemory()).toEqual(before);
});

const largestDistance = (a: ArrayLike<number>, b: ArrayLike<number>): number =>
  Array.from(a).reduce((most, value, i) => Math.max(most, Math.abs(value - (b[i] as number))), 0);

test("evaluate in tiles gives the scores of the whole, with scales and mirrored images", async () => {
  manualSeed(6);
  const network = createNetwork({
    ...{ backbone: "resnet18", width: 0.125, classes: 3, head: "none", init: heInit },
  });
  const sizes = { width: 150, height: 140 };
  const label = predictLabels(network, sampleOf(sizes), sizes);
  const dataset = {
    ...{ name: "waves", classes: tinyClasses, labelled: true, names: ["waves"] },
    load: async (_: number, size: Size = sizes) => ({ ...sampleOf(size), label }),
  };
  const options = { size: sizes, scales: [1, 1.5], flip: true };
  const seen: { confidence: Float32Array; entropy: number; map: Uint8Array }[] = [];
  const observe = ({ confidence, entropy, entropyMap }: Observation) =>
    seen.push({ confidence, entropy, map: entropyMap() });
  const wanted = await evaluate(network, dataset, { ...options, observe });
  const tile = { width: 230, height: 215 };
  const found = await evaluate(network, dataset, { ...options, tile, observe });
  const [a, b] = seen as [(typeof seen)[number], (typeof seen)[number]];
  expect(largestDistance(a.confidence, b.confidence)).toBeLessThan(1e-4);
  expect(largestDistance(a.map, b.map)).toBeLessThanOrEqual(1);
  const mean = b.map.reduce((sum, grey) => sum + grey, 0) / b.map.length;
  expect(Math.abs(b.entropy * 255 - mean)).toBeLessThan(1); // of every pixel; greys are rounded down
  expect(b.entropy).toBeCloseTo(a.entropy, 2);
  for (const [i, count] of wanted.counts.entries()) {
    expect(Math.abs(count - (found.counts[i] as number))).toBeLessThanOrEqual(2);
  }
  dispose(network.parameters.all);
});
