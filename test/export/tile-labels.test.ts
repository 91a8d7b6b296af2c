import * as ort from "onnxruntime-node";
import { describe, expect, test } from "vitest";
import type { Size } from "../../src/datasets/dataset.js";
import { tilesOf } from "../../src/evaluate/index.js";
import { onnxModel } from "../../src/export/index.js";
import { decide, nearest } from "../../src/export/pixels.js";
import { openSegmenter } from "../../src/export/segmenter.js";
import { cropped, fillFromLabels, fillFromLogits } from "../../src/export/tile-labels.js";
import { createNetwork } from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import { dispose, manualSeed } from "../../src/torch/index.js";
import { tinyClasses } from "../train/tiny.js";

const CLASSES = 3;
const image: Size = { width: 413, height: 290 };
const logits = Float32Array.from({ length: CLASSES * 413 * 290 }, (_, i) => {
  const [c, at] = [Math.floor(i / (413 * 290)), i % (413 * 290)];
  const [x, y] = [at % 413, Math.floor(at / 413)];
  return Math.sin(x / (9 + c) + y / 13) + Math.cos(y / (7 + 2 * c));
});
const places = tilesOf(image, { width: 192, height: 160 });

/** A part of maps [planes, height, width] of the whole image. */
function part(values: Float32Array | Uint8Array, planes: number, { x, y }: (typeof places)[0]) {
  const out = new Float32Array(planes * x.size * y.size);
  for (let c = 0, at = 0; c < planes; c++) {
    for (let row = 0; row < y.size; row++) {
      for (let column = 0; column < x.size; column++, at++) {
        const line = c * image.height + y.start + row;
        out[at] = values[line * image.width + x.start + column] as number;
      }
    }
  }
  return out;
}

describe.each([
  ["the size of the image", image],
  ["a larger size", { width: 951, height: 600 }],
  ["a smaller size", { width: 200, height: 101 }],
] as const)("tiles at %s", (_, output) => {
  const empty = () => ({ ...output, image, labels: new Uint8Array(output.width * output.height) });

  test("give the labels of the whole's logits", () => {
    const whole = empty();
    whole.labels.fill(99);
    expect(places.length).toBeGreaterThan(4);
    for (const place of places) {
      const from = { width: place.x.size, height: place.y.size };
      fillFromLogits(whole, place, part(logits, CLASSES, place), CLASSES, from);
    }
    const { labels } = decide(logits, CLASSES, image, output);
    const different = whole.labels.filter((label, i) => label !== labels[i]).length;
    expect(different / labels.length).toBeLessThan(1e-4); // ties, by rounding
  });

  test("give the whole's labels", () => {
    const whole = empty();
    const { labels } = decide(logits, CLASSES, image, image);
    for (const place of places) {
      const from = { width: place.x.size, height: place.y.size };
      fillFromLabels(whole, place, Uint8Array.from(part(labels, 1, place)), from);
    }
    expect(Buffer.from(whole.labels).equals(nearest(labels, image, output))).toBe(true);
  });
});

test("a crop has the pixels of its tile, RGB or RGBA", () => {
  for (const step of [3, 4]) {
    const data = Uint8Array.from({ length: 413 * 290 * step }, (_, i) => i * 7);
    const [, place] = places as [unknown, (typeof places)[0]];
    const crop = cropped({ ...image, data }, place);
    expect([crop.width, crop.height]).toEqual([place.x.size, place.y.size]);
    const [x, y] = [5, 6];
    const from = ((place.y.start + y) * 413 + place.x.start + x) * step;
    const at = (y * crop.width + x) * step;
    expect([...crop.data.slice(at, at + step)]).toEqual([...data.slice(from, from + step)]);
  }
});

test.each(["logits", "labels"] as const)("a model of %s segments in tiles", async (outputs) => {
  manualSeed(3);
  const network = createNetwork({
    ...{ backbone: "resnet18", width: 0.125, classes: 3, head: "none", init: heInit },
  });
  const info = {
    classes: tinyClasses.names.map((name, i) => ({ name, color: tinyClasses.colors[i] as never })),
    ...{ input: network.input, size: { width: 300, height: 200 }, title: "a test" },
  };
  const segmenter = await openSegmenter(ort, onnxModel(network, info, { outputs }));
  const data = Uint8Array.from({ length: 300 * 200 * 3 }, (_, i) => {
    return 128 + 100 * Math.sin(i / 900 + (i % 3)) * Math.sin((i % 900) / 150);
  });
  const photo = { width: 300, height: 200, data };
  const { labels } = await segmenter.segment(photo);
  const agreement = async (tile: Size) => {
    const found = await segmenter.segment(photo, { tile });
    return found.labels.filter((label, i) => label === labels[i]).length / labels.length;
  };
  expect(await agreement({ width: 300, height: 200 })).toBeGreaterThan(0.9999);
  expect(await agreement({ width: 200, height: 160 })).toBeGreaterThan(0.6); // random weights
  await segmenter.release();
  dispose(network.parameters.all);
});
