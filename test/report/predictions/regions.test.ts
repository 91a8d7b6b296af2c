import { describe, expect, test } from "vitest";
import { brushRle } from "../../../src/report/predictions/brush-rle.js";
import { cocoRegions, runsToText } from "../../../src/report/predictions/coco-rle.js";
import { regionsOf } from "../../../src/report/predictions/regions.js";
import { simplified } from "../../../src/report/predictions/simplify.js";
import { brushMask, cocoMask, drawn } from "./decode.js";

/** Labels drawn as text, a digit each. */
function labelsOf(...rows: string[]) {
  const labels = Uint8Array.from(rows.join(""), Number);
  return { labels, size: { width: (rows[0] as string).length, height: rows.length } };
}

/** Pixels of blobs of three classes. */
function blobs(width: number, height: number, grain: number) {
  const labels = Uint8Array.from({ length: width * height }, (_, i) => {
    const [x, y] = [i % width, Math.floor(i / width)];
    const wave = Math.sin(x / grain) * Math.cos(y / (grain * 0.7)) + Math.sin((x + 2 * y) / 17);
    return wave > 0.6 ? 2 : wave > -0.2 ? 1 : 0;
  });
  return { labels, size: { width, height } };
}

const CASES = {
  "one pixel": labelsOf("1"),
  "a hole with an island": labelsOf("11111", "10001", "10201", "10001", "11111"),
  "diagonal neighbours": labelsOf("1010", "0101", "1010"),
  "a ring that touches itself": labelsOf("11100", "10100", "11011", "00101", "00111"),
  columns: labelsOf("0101010", "0101010"),
  "the last column": labelsOf("001", "001"),
  blobs: blobs(90, 70, 5),
  noise: blobs(40, 40, 0.7),
};

describe.each(Object.entries(CASES))("%s", (_, { labels, size }) => {
  const values = [...new Set(labels)].sort();
  const maskOf = (value: number) => labels.map((label) => (label === value ? 1 : 0));

  test("is drawn by its outlines, and the points between corners are left out", () => {
    const regions = regionsOf(labels, size, 1);
    const shapes = regions.map(({ label, outline }) => ({ value: label, points: outline }));
    expect(drawn(shapes, size)).toEqual(labels);
    for (const { outline } of regions) {
      for (const [i, [x, y]] of outline.entries()) {
        const [nextX, nextY] = outline[(i + 1) % outline.length] as [number, number];
        expect((x === nextX) !== (y === nextY)).toBe(true);
        const [afterX, afterY] = outline[(i + 2) % outline.length] as [number, number];
        expect((x === nextX) !== (nextX === afterX) || (y === nextY) !== (nextY === afterY)).toBe(
          true,
        );
      }
    }
  });

  test("is in the RLE of COCO and of Label Studio", () => {
    const regions = cocoRegions(labels, size, 3);
    expect(regions.map(({ trainId }) => trainId)).toEqual(values);
    for (const { trainId, counts } of regions) {
      expect(cocoMask(counts, size)).toEqual(maskOf(trainId));
      expect(brushMask(brushRle(labels, trainId))).toEqual(maskOf(trainId));
    }
  });
});

test("the text of runs is that of COCO's API", () => {
  // As pycocotools 2.0 writes them.
  expect(runsToText([0, 5])).toBe("05");
  expect(runsToText([31, 32, 16])).toBe("o0P1`0");
  expect(runsToText([6, 1, 40, 4, 5, 4, 5, 4, 21])).toBe("61X13mN000`0");
});

test("ignored labels and labels beyond the classes are in no region of COCO", () => {
  const labels = Uint8Array.of(255, 0, 7, 0);
  const [region, ...rest] = cocoRegions(labels, { width: 2, height: 2 }, 3);
  expect(rest).toEqual([]);
  expect(region).toMatchObject({ trainId: 0, area: 2, bbox: [1, 0, 1, 2] });
});

test("runs longer than 2^16 are written in parts by Label Studio's RLE", () => {
  const labels = new Uint8Array(50_000).fill(1, 20_000);
  expect(brushMask(brushRle(labels, 1))).toEqual(labels);
});

test("small regions are left out, whatever surrounds them", () => {
  const { labels, size } = labelsOf("11111", "10121", "11111");
  const regions = regionsOf(labels, size, 2);
  expect(regions.map(({ label, filled }) => [label, filled])).toEqual([[1, 15]]);
});

describe("a simplified polygon", () => {
  test("loses the steps of a slope, and stays within the tolerance", () => {
    const { labels, size } = blobs(300, 200, 23);
    const regions = regionsOf(labels, size, 16);
    const shapes = regions.map(({ label, outline }) => ({
      value: label,
      points: simplified(outline, 1),
    }));
    const points = (all: readonly { readonly length: number }[]) =>
      all.reduce((sum, { length }) => sum + length, 0);
    const before = points(regions.map(({ outline }) => outline));
    expect(points(shapes.map((shape) => shape.points))).toBeLessThan(0.35 * before);
    const equal = drawn(shapes, size).filter((label, i) => label === labels[i]).length;
    expect(equal / labels.length).toBeGreaterThan(0.975);
  });

  test("keeps corners, and polygons that are thinner than the tolerance", () => {
    const square = [
      [0, 0],
      [4, 0],
      [9, 0],
      [9, 9],
      [0, 9],
    ] as const;
    expect(simplified(square, 1)).toEqual([square[0], square[2], square[3], square[4]]);
    const line = [
      [0, 0],
      [9, 0],
      [9, 1],
      [0, 1],
    ] as const;
    expect(simplified(line, 1)).toEqual(line);
  });
});
