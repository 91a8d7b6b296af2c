import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { IGNORE } from "../../src/datasets/dataset.js";
import { randomFrom } from "../../src/datasets/random.js";
import {
  addToConfusion,
  createBoundaryScore,
  createCalibration,
  createConfusion,
  miouOver,
  scores,
} from "../../src/evaluate/index.js";
import { PYTHON, pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";

const script = fileURLToPath(new URL("oracle.py", import.meta.url));

const CLASSES = 5;
const size = { width: 41, height: 23 };

/** Label maps of rectangles with ignored pixels, shifted predictions, and random confidence. */
function randomMaps(seed: number) {
  const random = randomFrom(seed, 0);
  const { width, height } = size;
  const label = new Uint8Array(width * height);
  for (let k = 0; k < 9; k++) {
    const [x, y] = [random.below(width), random.below(height)];
    const [w, h] = [4 + random.below(20), 3 + random.below(12)];
    const id = k === 8 ? IGNORE : random.below(CLASSES);
    for (let v = y; v < Math.min(height, y + h); v++) {
      label.fill(id, v * width + x, v * width + Math.min(width, x + w));
    }
  }
  const shift = random.below(4);
  const guess = label.map((_, i) => {
    const seen = label[Math.max(0, i - shift)] as number;
    return seen === IGNORE || random.below(20) === 0 ? random.below(CLASSES) : seen;
  });
  const confidence = Float32Array.from(label, () => (1 + random.below(1000)) / 1000);
  return { label, guess, confidence };
}

const rows = (map: ArrayLike<number>) =>
  Array.from({ length: size.height }, (_, y) =>
    Array.from({ length: size.width }, (_, x) => map[y * size.width + x] as number),
  );

describe("against numpy, on random maps", skipUnless(pythonHas("numpy"), "numpy"), () => {
  test.each([1, 2, 3, 4])("%i", (seed) => {
    const maps = [0, 1, 2].map((i) => randomMaps(seed * 10 + i));
    const subset = [0, 2, 3];
    const dilation = seed * 0.02;
    const { stdout, stderr } = spawnSync(PYTHON, [script], {
      input: JSON.stringify({
        classes: CLASSES,
        labels: maps.map(({ label }) => rows(label)),
        guesses: maps.map(({ guess }) => rows(guess)),
        confidences: maps.map(({ confidence }) => rows(confidence)),
        subset,
        dilation,
      }),
      encoding: "utf8",
    });
    expect(stderr).toBe("");
    const expected = JSON.parse(stdout);

    const confusion = createConfusion(CLASSES);
    const boundary = createBoundaryScore(CLASSES, dilation);
    const calibration = createCalibration();
    for (const { label, guess, confidence } of maps) {
      addToConfusion(confusion, label, guess);
      boundary.add(label, guess, size);
      calibration.add(label, guess, confidence);
    }
    const { iou, ...rest } = scores(confusion);
    for (const [k, value] of iou.entries()) expect(value).toBeCloseTo(expected.iou[k], 12);
    for (const [name, value] of Object.entries(rest)) {
      expect(value, name).toBeCloseTo(expected[name], 12);
    }
    expect(miouOver(confusion, subset)).toBeCloseTo(expected.subset, 12);
    for (const [k, value] of boundary.iou().entries()) {
      expect(value).toBeCloseTo(expected.boundary[k], 12);
    }
    expect(boundary.mean()).toBeCloseTo(expected.boundaryMean, 12);
    const { coverage, accuracy } = calibration.pseudoLabels();
    expect(calibration.error()).toBeCloseTo(expected.calibration.error, 6);
    expect(coverage).toBeCloseTo(expected.calibration.coverage, 12);
    expect(accuracy).toBeCloseTo(expected.calibration.accuracy, 12);
  });
});

test("boundary IoU is 1 for equal maps, and below IoU for a region that is slightly too large", () => {
  const square = (margin: number) =>
    Uint8Array.from({ length: 40 * 40 }, (_, i) => {
      const [x, y] = [i % 40, Math.floor(i / 40)];
      return Math.min(x, y, 39 - x, 39 - y) >= margin ? 1 : 0;
    });
  const field = { width: 40, height: 40 };
  const same = createBoundaryScore(2);
  same.add(square(8), square(8), field);
  expect(same.iou()).toEqual([1, 1]);
  const larger = createBoundaryScore(2);
  larger.add(square(8), square(7), field);
  expect(larger.iou()[1]).toBeLessThan(24 ** 2 / 26 ** 2);
});
