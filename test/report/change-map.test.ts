import { describe, expect, test } from "vitest";
import { IGNORE } from "../../src/datasets/dataset.js";
import { changeColumns } from "../../src/report/change-columns.js";
import {
  changeCaption,
  changeLayer,
  changeOfAll,
  errorCaption,
  errorLayer,
  idsOfColors,
  LAYER_COLORS,
  resizedTo,
} from "../../src/report/change-map.js";
import { betterAndWorse, extremeImages, scoreOf } from "../../src/report/image-ranking.js";

const COLORS = [
  [10, 20, 30],
  [200, 0, 0],
  [0, 0, 250],
];
const map = (...ids: number[]) => ({ ids: Uint8Array.from(ids), width: ids.length, height: 1 });
const pixel = (rgba: Uint8ClampedArray, i: number) => [...rgba.subarray(i * 4, i * 4 + 4)];

describe("layers", () => {
  // right in both, wrong in both, fixed, broken, unlabelled
  const truth = map(0, 0, 1, 1, IGNORE);
  const before = map(0, 1, 0, 1, 1);
  const after = map(0, 2, 1, 2, 2);

  test("change has a colour for each kind of pixel, and shares of the labelled ones", () => {
    const { rgba, fixed, broken, wrong } = changeLayer(truth, before, after);
    const kinds = ["right", "wrong", "fixed", "hatch", "unlabelled"] as const;
    expect(kinds.map((_, i) => pixel(rgba, i))).toEqual(
      kinds.map((kind) => [...LAYER_COLORS[kind], 255]),
    );
    expect([fixed, broken, wrong]).toEqual([0.25, 0.25, 0.25]);
    expect(changeCaption({ fixed, broken })).toBe("fixed 25.0 %, broke 25.0 %");
  });

  test("shares of several images are over their labelled pixels together", () => {
    const one = changeLayer(truth, before, after);
    const none = changeLayer(map(IGNORE), map(0), map(1));
    const other = changeLayer(map(1, 1, 1, 1, 1, 1), map(1, 1, 1, 1, 1, 1), map(0, 0, 0, 1, 1, 1));
    const { fixed, broken } = changeOfAll([one, none, other]);
    expect([one.labelled, none.labelled, other.labelled]).toEqual([4, 0, 6]);
    expect([fixed, broken]).toEqual([0.1, 0.4]);
    expect(changeCaption(changeOfAll([none]))).toBe("fixed –, broke –");
  });

  test("broken pixels are hatched, fixed ones are not", () => {
    const side = 40;
    const all = (id: number) => ({
      ids: new Uint8Array(side * side).fill(id),
      ...{ width: side, height: side },
    });
    const colorsIn = (rgba: Uint8ClampedArray) =>
      new Set(Array.from({ length: side * side }, (_, i) => pixel(rgba, i).join()));
    expect(colorsIn(changeLayer(all(0), all(0), all(1)).rgba).size).toBe(2);
    expect(colorsIn(changeLayer(all(0), all(1), all(0)).rgba).size).toBe(1);
  });

  test("error shows the predicted class of wrong pixels", () => {
    const { rgba, wrong } = errorLayer(truth, after, COLORS);
    expect([0, 1, 2, 3, 4].map((i) => pixel(rgba, i).slice(0, 3))).toEqual([
      ...[[...LAYER_COLORS.right], COLORS[2], [...LAYER_COLORS.right], COLORS[2]],
      [...LAYER_COLORS.unlabelled],
    ]);
    expect(errorCaption({ wrong })).toBe("wrong 50.0 %");
  });

  test("an image without labelled pixels has no shares", () => {
    const none = map(IGNORE, IGNORE);
    expect(changeCaption(changeLayer(none, map(0, 0), map(1, 1)))).toBe("fixed –, broke –");
    expect(errorCaption(errorLayer(none, map(0, 0), COLORS))).toBe("wrong –");
  });

  test("predictions of another size are compared at the truth's", () => {
    const small = { ids: Uint8Array.of(0, 1), width: 2, height: 1 };
    const large = resizedTo(small, { width: 4, height: 2 });
    expect([...large.ids]).toEqual([0, 0, 1, 1, 0, 0, 1, 1]);
    expect(errorLayer(large, small, COLORS).wrong).toBe(0);
    expect(resizedTo(large, small).ids).toEqual(small.ids);
  });

  test("colours become classes again; others are unlabelled", () => {
    const rgb = [...(COLORS[2] as number[]), ...(COLORS[0] as number[]), 0, 0, 0];
    expect([...idsOfColors(rgb, 3, COLORS)]).toEqual([2, 0, IGNORE]);
    const rgba = [...(COLORS[1] as number[]), 255, 1, 2, 3, 255];
    expect([...idsOfColors(rgba, 4, COLORS)]).toEqual([1, IGNORE]);
  });

  test("the demo's columns have captions over all images", () => {
    const size = { width: 2, height: 1 };
    const ids = (...pairs: [number, number][]) => pairs.map((pair) => Uint8Array.from(pair));
    const [error, change] = changeColumns(
      ids([0, 0], [1, 1]),
      ids([0, 1], [0, 1]),
      ids([0, 0], [1, 0]),
      size,
      { names: ["a", "b", "c"], colors: COLORS as never },
    );
    expect([error.caption, change.caption]).toEqual(["wrong 25.0 %", "fixed 50.0 %, broke 25.0 %"]);
    expect(change.pictures?.map(({ length }) => length)).toEqual([6, 6]);
    expect([...(change.pictures?.[0] ?? [])]).toEqual([
      ...LAYER_COLORS.right,
      ...LAYER_COLORS.fixed,
    ]);
  });
});

describe("images", () => {
  test("the score is the mean over classes that the labels have", () => {
    expect(scoreOf([0.5, null, 0.1])).toBeCloseTo(0.3, 12);
    expect(scoreOf([null, null])).toBeNull();
    expect(scoreOf([])).toBeNull();
  });

  test("the extremes are the same in any order, and unlabelled images are none", () => {
    const score = (i: number) => (i % 7 === 3 ? Number.NaN : ((i * 37) % 101) / 101);
    const earlier = (i: number) => (i % 5 === 0 ? undefined : ((i * 53) % 101) / 101);
    const indices = Array.from({ length: 200 }, (_, i) => i);
    const found = (order: readonly number[]) => {
      const all = extremeImages(4);
      for (const i of order) all.add(i, score(i), earlier(i));
      return (["worst", "gain", "loss"] as const).map((kind) => all.list(kind));
    };
    const [worst, gain, loss] = found(indices) as [number[], number[], number[]];
    expect(found([...indices].reverse())).toEqual([worst, gain, loss]);
    const known = indices.filter((i) => !Number.isNaN(score(i)));
    expect(worst).toEqual([...known].sort((a, b) => score(a) - score(b)).slice(0, 4));
    const change = (i: number) => score(i) - (earlier(i) as number);
    const paired = known.filter((i) => earlier(i) !== undefined);
    expect(gain).toEqual([...paired].sort((a, b) => change(b) - change(a)).slice(0, 4));
    expect(loss).toEqual([...paired].sort((a, b) => change(a) - change(b)).slice(0, 4));
  });

  test("an image with an equal score is neither better nor worse", () => {
    const own = new Map([
      ...([
        ["a", 0.5],
        ["b", 0.6],
        ["c", 0.1],
        ["d", 0.9],
      ] as const),
    ]);
    const before = new Map([
      ...([
        ["a", 0.5],
        ["b", 0.5],
        ["c", 0.2],
        ["x", 0],
      ] as const),
    ]);
    expect(betterAndWorse(own, before)).toEqual({ images: 3, better: 1, worse: 1 });
  });
});
