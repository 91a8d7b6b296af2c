import { describe, expect, test } from "vitest";
import type { RunBaseline, RunDetails, RunSummary } from "../../src/dashboard/api.js";
import { verticalRange } from "../../web/dashboard/chart-axes.js";
import { chartCsv, chartSvg } from "../../web/dashboard/chart-files.js";
import { compared } from "../../web/dashboard/compared.js";
import { gainOf, scoreOf } from "../../web/dashboard/group-scores.js";
import { linesOf } from "../../web/dashboard/overlaid-curves.js";
import { panelsOf } from "../../web/dashboard/panels.js";
import { smoothed } from "../../web/dashboard/smoothing.js";
import { timeLeft } from "../../web/dashboard/state.js";
import { timeAxis } from "../../web/dashboard/step-axis.js";

describe("smoothing", () => {
  test("leaves a constant exactly as it is", () => {
    for (const value of [1, 0.3, 1 / 3, 1e-9]) {
      const constant = new Array<number>(500).fill(value);
      for (const weight of [0.02, 0.5, 0.9, 0.98]) {
        expect(new Set(smoothed(constant, weight))).toEqual(new Set([value]));
      }
    }
  });

  test("is the weighted mean of all values so far", () => {
    const values = [3, 1, 4, 1, 5, 9, 2, 6];
    const weight = 0.8;
    const expected = values.map((_, n) => {
      const weights = values.slice(0, n + 1).map((__, i) => weight ** (n - i));
      const sum = weights.reduce((a, b) => a + b);
      return weights.reduce((total, w, i) => total + (w * (values[i] as number)) / sum, 0);
    });
    for (const [i, value] of smoothed(values, weight).entries()) {
      expect(value).toBeCloseTo(expected[i] as number, 12);
    }
    expect(smoothed(values, 0)).toBe(values);
    expect(smoothed([], 0.5)).toEqual([]);
  });
});

describe("the vertical axis", () => {
  const range = (share: boolean, low: number | null, high: number | null) =>
    verticalRange(share)(undefined as never, low, high);

  test("of shares is always 0 to 1, with room for a line at either end", () => {
    for (const [low, high] of [
      [1, 1],
      [0, 0],
      [0.4, 0.6],
    ] as const) {
      const [least, most] = range(true, low, high);
      expect([least <= 0, most >= 1, most - least < 1.1]).toEqual([true, true, true]);
    }
  });

  test("of flat data has room around them, whatever rounding leaves of differences", () => {
    for (const high of [1, 1 + 1e-12, 1.001]) {
      const [least, most] = range(false, 1, high);
      expect(most - least).toBeGreaterThan(0.15);
      expect(least).toBeLessThan(0.95);
      expect(most).toBeGreaterThan(1.05);
    }
    expect(range(false, 0, 0)).toEqual([0, 1.08]);
    expect(range(false, null, null)).toEqual([0, 1]);
  });

  test("of other data fits them, down to 0 if that is near", () => {
    expect(range(false, 0.1, 1)[0]).toBe(0);
    const [least, most] = range(false, 0.28, 0.32);
    expect(least).toBeCloseTo(0.2768, 10);
    expect(most).toBeCloseTo(0.3232, 10);
  });
});

const run = (
  id: string,
  value: number | undefined,
  changes: Partial<RunSummary> = {},
): RunSummary =>
  ({
    ...{
      id,
      state: "complete",
      step: 900,
      last: value === undefined ? {} : { t: { value, step: 900 } },
    },
    ...changes,
  }) as RunSummary;

describe("a group's score", () => {
  test("is of complete runs only", () => {
    const runs = [
      run("a", 0.3),
      run("b", 0.4),
      run("c", 0.9, { state: "running", step: 10 }),
      run("d", 0.01, { state: "failed" }),
      run("e", 0.8, { state: "lost" }),
      run("f", undefined),
    ];
    const { mean, deviation, runs: n } = scoreOf(runs, "t") ?? {};
    expect([mean, n]).toEqual([0.35, 2]);
    expect(deviation).toBeCloseTo(0.1 / Math.SQRT2, 12);
    expect(scoreOf(runs.slice(2, 4), "t")).toBeUndefined();
  });

  test("and its gain is over each run's own baseline", () => {
    const baseline = (kind: RunBaseline["kind"], t: number): RunBaseline => ({
      ...{ id: "x", kind, miou: { t }, iou: [] },
    });
    const runs = [run("a", 0.3), run("b", 0.4), run("c", 0.5)];
    const some = new Map([
      ["a", baseline("source-only", 0.25)],
      ["b", baseline("pretraining", 0.1)],
    ]);
    expect(gainOf(runs, some, "t")).toMatchObject({ runs: 1, baseline: "source-only" });
    expect(gainOf(runs, some, "t")?.mean).toBeCloseTo(0.05, 12);
    expect(gainOf(runs.slice(1), some, "t")).toMatchObject({ runs: 1, baseline: "pretraining" });
    expect(gainOf(runs, new Map(), "t")).toBeUndefined();
  });
});

describe("the curves of a group", () => {
  const group = (...runs: RunSummary[]) => ({ name: "g", color: "#000000", runs });
  const data = new Map([
    ["a", { at: [0, 10, 20], mean: [1, 2, 3] }],
    ["b", { at: [0, 10, 20], mean: [3, 2, 7] }],
    ["c", { at: [0, 10], mean: [9, 9] }],
  ]);
  const lines = (...runs: RunSummary[]) => linesOf(group(...runs), (id) => data.get(id));

  test("are the mean of the complete runs in their band, and the others on their own", () => {
    const all = lines(run("a", 1), run("b", 1), run("c", 1, { state: "running", seed: 3 }));
    expect(all).toMatchObject([
      { name: "g", data: { at: [0, 10, 20], mean: [2, 2, 5], low: [1, 2, 3], high: [3, 2, 7] } },
      { name: "g, seed 3", dashed: true, data: { mean: [9, 9] } },
    ]);
  });

  test("are compared at the same steps, though one is logged at others", () => {
    data.set("d", { at: [5, 15], mean: [0, 10] });
    expect(lines(run("a", 1), run("d", 1))[0]?.data).toMatchObject({ at: [10], mean: [3.5] });
  });

  test("are not drawn without a colour", () => {
    expect(linesOf({ ...group(run("a", 1)), color: undefined }, (id) => data.get(id))).toEqual([]);
  });
});

test("the time of a step is the sum of the seconds so far, and goes on at the mean rate", () => {
  const { at, stepAt } = timeAxis({ at: [10, 20], mean: [1, 3] });
  expect([0, 5, 10, 15, 20, 40].map(at)).toEqual([0, 5, 10, 25, 40, 80]);
  for (const step of [0, 7, 19, 33]) expect(stepAt(at(step))).toBeCloseTo(step, 10);
});

test("a chart as CSV has a row for each step, as SVG no colour that only a page knows", () => {
  const line = (name: string, at: number[], mean: number[]) => ({
    ...{ name, color: "#123456", data: { at, mean } },
  });
  const lines = [line("a, b", [0, 10], [1, 0.5]), line("c", [10], [2])];
  expect(chartCsv(lines)).toBe('step,"a, b",c\n0,1,\n10,0.5,2\n');
  const svg = chartSvg("Title <1>", lines, String);
  expect(svg).toMatch(/^<svg xmlns="http:\/\/www\.w3\.org\/2000\/svg"/);
  expect(svg).toContain("Title &lt;1&gt;");
  expect(svg).not.toContain("var(");
});

test("a comparison has paired gains by class, settings as columns, and says what differs", () => {
  const details = (
    id: string,
    method: string,
    seed: number,
    more: object,
  ): [string, RunDetails] => [
    id,
    {
      summary: run(id, 0.5, { method, seed, group: method }),
      ...{ settings: { method, "train.rate": "0.1" }, starts: [], iou: [], ...more },
      classes: { names: ["road", "sky"], colors: [] },
    } as never,
  ];
  const baseline = (t: number, iou: (number | null)[]): RunBaseline => ({
    ...{ id: "s", kind: "source-only", miou: { t }, iou },
  });
  const runs = new Map([
    details("s", "source-only", 1, {
      iou: [0.5, 0.25],
      settings: { method: "source-only", "train.rate": "0.2" },
    }),
    details("a", "cfcontra", 1, { iou: [0.75, null], baseline: baseline(0.25, [0.5, 0.25]) }),
    details("b", "cfcontra", 2, { iou: [0.625, null], baseline: baseline(0.25, [0.5, 0.25]) }),
  ]);
  const group = (...ids: string[]) => ({
    ...{ name: ids.join(), color: undefined },
    runs: ids.map((id) => (runs.get(id) as RunDetails).summary),
  });
  const { groups, settings, notes } = compared([group("s"), group("a", "b")], runs);
  expect(settings).toEqual(["train.rate"]);
  expect(groups[1]?.settings).toEqual({ "train.rate": "0.1" });
  expect(groups[1]?.gain).toMatchObject({ mean: 0.25, runs: 2, baseline: "source-only" });
  expect(groups[1]?.iouGain[0]).toMatchObject({ mean: 0.1875, runs: 2 });
  expect(groups[1]?.iouGain[1]).toBeUndefined();
  expect(notes.join()).toContain("train.rate");
});

test("the time that is left follows from the seconds per step that are shown", () => {
  const running = { state: "running", step: 400, steps: 1000, started: "2026-01-01T00:00:00Z" };
  const left = (changes: object) => timeLeft(run("a", 0, { ...running, ...changes } as never));
  expect(left({ secondsPerStep: 0.5 })).toBe("5 min");
  expect(left({ secondsPerStep: 0.1 })).toBe("60 s");
  expect(left({ secondsPerStep: 0.5, step: 1000 })).toBe("0 s");
  expect(left({})).toBeUndefined();
  expect(left({ secondsPerStep: 0.5, state: "complete" })).toBeUndefined();
});

test("every key has one panel", () => {
  const keys = [
    ...["rate", "miou/t", "source/main", "labelled/main", "pseudo/coverage", "seconds"],
    ...["new/one", "odd"],
  ];
  const panels = panelsOf(keys);
  expect(panels.flatMap(([, own]) => own).sort()).toEqual([...keys].sort());
  expect(panels.map(([{ title }]) => title)).toEqual([
    ...["mIoU", "Source loss", "Labelled target loss", "Pseudo-labels", "Learning rate"],
    ...["Seconds per step", "Other"],
  ]);
});
