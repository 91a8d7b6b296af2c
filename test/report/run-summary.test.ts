import { expect, test } from "vitest";
import type { RunFiles } from "../../src/report/run-files.js";
import { answer, curve, runSummary } from "../../src/report/run-summary.js";
import { partMeans, sparkline } from "../../src/report/sparkline.js";
import { textBar, withBars } from "../../src/report/text-bar.js";

test("a sparkline goes from the lowest value to the highest", () => {
  expect(sparkline([0, 1, 2, 3, 4, 5, 6, 7])).toBe("▁▂▃▄▅▆▇█");
  expect(sparkline([-1, 1, -1])).toBe("▁█▁");
  expect(sparkline([3, 3])).toBe("▁▁");
  expect(sparkline([])).toBe("");
});

test("many values become means of parts, with each value in one part", () => {
  expect(partMeans([1, 2, 3, 4, 5, 6], 3)).toEqual([1.5, 3.5, 5.5]);
  expect(partMeans([1, Number.NaN, 3], 24)).toEqual([1, 3]);
  const values = Array.from({ length: 103 }, (_, i) => i);
  expect(partMeans(values, 24)).toHaveLength(24);
  expect(partMeans(values, 1)[0]).toBe(51);
});

const names = ["road", "sky", "car", "pole", "rider", "train"];
function run(iou: (number | null)[], metrics: Record<string, number>[] = []): RunFiles {
  const scores = { target: { iou, miou: 0.4321, accuracy: 0.9 } };
  const own = { result: { scores }, classes: { names }, sets: ["target"] };
  return { ...own, metrics: metrics.map((line, i) => ({ step: i + 1, ...line })) } as never;
}

test("the best and the worst classes; those that do not occur are neither", () => {
  const [[about, text] = []] = runSummary(run([0.91, 0.8, 0.5, 0.2, 0.123, null]));
  expect(about).toBe("mIoU, %");
  expect(text).toBe("target   43.2   best road 91.0, sky 80.0; worst pole 20.0, rider 12.3");
  const missed = runSummary(run([0.9, 0, 0.0001, 0.7, 0, null]));
  expect(missed[0]?.[1]).toMatch(/best road 90\.0, pole 70\.0; 3 of 5 classes at 0$/);
  expect(runSummary(run([0.9, 0.8, null, null, null, null]))[0]?.[1]).toBe("target   43.2");
});

test("the answer is the target's score, and the gain with the run that it is over", () => {
  const own = run([0.5]);
  const base = (miou: number | null) =>
    ({ path: "runs/demo/source-only", result: { scores: { target: { miou } } } }) as never;
  expect(answer(own, { kind: "source-only", run: base(0.4141) })).toBe(
    "target 43.2 %, +1.8 to source-only (runs/demo/source-only)",
  );
  expect(answer(own, { kind: "pretraining", run: base(0.4521) })).toMatch(
    /^target 43\.2 %, -2\.0 to pretraining \(/,
  );
  for (const none of [undefined, { kind: "source-only", run: base(null) } as const]) {
    expect(answer(own, none)).toBe("target 43.2 %");
  }
  expect(answer({ result: undefined, sets: ["target"] }, undefined)).toBe("");
});

test("bars start behind the longest line, and are longest for 1", () => {
  const lines = withBars(["name", "a  50.0", "bb"], [undefined, 0.5, 0.001], 31);
  expect(lines).toEqual(["name", `a  50.0  ${"█".repeat(10)}▌`, "bb       ▏"]); // 21 columns are left
  expect(textBar(0, 8)).toBe("");
  expect(textBar(1, 8)).toBe("████████");
});

test("a curve for the first loss of each kind, and for nothing else", () => {
  const step = (loss: number) => ({
    ...{ rate: 1, memory: 9, "source/main": loss, "source/aux": 1, "gradient/source/main": 1 },
    ...{ "target/entropy": 0.3, "pseudo/coverage": 0.5 },
  });
  const lines = [step(2), { "miou/target": 0.1, "iou/target/road": 0.1 }, step(1.23456)];
  const summary = runSummary(run([0.5, 0.5, 0.5, 0.5, 0.5, 0.5], lines)).slice(1);
  expect(summary).toEqual([
    ["losses", "source/main     █▁  2 to 1.23"],
    ["losses", "target/entropy  ▁▁  0.3 to 0.3"],
  ]);
  expect(curve([], "source/main")).toBe("");
});

test("memory of a GPU is not a loss, although a first line may have nothing else", () => {
  const gpu = { "gpu/allocated": 900, "gpu/peak": 950 };
  const losses = runSummary(run([0.5], [gpu, { ...gpu, "source/main": 2 }, { "source/main": 1 }]));
  expect(losses.map(([, text]) => text).join("\n")).not.toContain("gpu/");
});
