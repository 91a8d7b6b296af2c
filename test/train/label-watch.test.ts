import { describe, expect, test } from "vitest";
import type { Dataset, Sample } from "../../src/datasets/dataset.js";
import { labelWatch } from "../../src/train/label-watch.js";
import { userError } from "../user-error.js";

const dataset = (count: number): Dataset => ({
  ...{ name: "mine (/data)", labelled: true, classes: { names: ["a", "b"], colors: [] } },
  names: Array.from({ length: count }, (_, i) => `${i}`),
  load: () => Promise.reject(new Error("not read")),
});
const sample = (...label: readonly number[]): Sample => ({
  ...{ name: "x", width: 2, height: 1, image: new Uint8Array(6) },
  label: Uint8Array.from(label),
});
const ignored = sample(255, 255);

/** Watches some steps of two images without a labelled pixel. */
function watch(images: number, steps: number) {
  const warnings: string[] = [];
  const see = labelWatch(dataset(images), steps, (sentence) => warnings.push(sentence));
  return { warnings, see, none: () => see([ignored, ignored]) };
}

describe("labels that are ignored throughout", () => {
  test("end a run that has seen as many images as there are, after 20 steps", async () => {
    const { none, warnings } = watch(30, 1000);
    for (let step = 1; step < 20; step++) none();
    await userError(none, "no-labels", "mine (/data)", "40 images", "`mapping`");
    expect(warnings).toEqual([]);
  });

  test("are warned of once while images are left, and end the run after these", async () => {
    const { none, warnings } = watch(50, 1000);
    for (let step = 1; step < 25; step++) none();
    expect(warnings).toEqual([expect.stringContaining("mine (/data)")]);
    await userError(none, "no-labels", "50 images");
  });

  test("end a short run at its last step", async () => {
    const { none } = watch(4, 3);
    for (let step = 1; step < 3; step++) none();
    await userError(none, "no-labels", "6 images");
  });
});

test("one labelled pixel is enough for ever", () => {
  const { see, none, warnings } = watch(2, 1000);
  none();
  see([ignored, sample(255, 1)]);
  for (let step = 0; step < 100; step++) none();
  expect(warnings).toEqual([]);
});
