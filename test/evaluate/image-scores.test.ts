import { expect, test } from "vitest";
import { IGNORE } from "../../src/datasets/dataset.js";
import {
  addToConfusion,
  createConfusion,
  createImageTable,
  type Observation,
} from "../../src/evaluate/index.js";

function observationOf(index: number, label: number[], prediction: number[]): Observation {
  const confusion = createConfusion(4);
  addToConfusion(confusion, label, prediction);
  return {
    ...{ index, width: label.length, height: 1, confusion, entropy: 0.25 },
    label: Uint8Array.from(label),
    prediction: Uint8Array.from(prediction),
    confidence: new Float32Array(label.length).fill(0.5),
    entropyMap: () => new Uint8Array(label.length),
  };
}

test("an image has its largest confusions, as shares of its labelled pixels", () => {
  const table = createImageTable(["a"], 4);
  table.set(0, observationOf(0, [0, 1, 1, 1, 2, 2, 3, IGNORE], [0, 2, 2, 1, 0, 2, 3, 1]));
  expect(table.list()[0]?.confused).toEqual([
    [1, 2, 2 / 7],
    [2, 0, 1 / 7],
  ]);
});

test("of an image at most six confusions are kept, and none below a thousandth", () => {
  const pairs = [0, 1, 2, 3].flatMap((truth) =>
    [0, 1, 2, 3].flatMap((predicted) =>
      truth === predicted ? [] : [{ truth, predicted, pixels: 100 + truth * 4 + predicted }],
    ),
  );
  const pixels = (which: "truth" | "predicted") =>
    pairs.flatMap((pair) => new Array<number>(pair.pixels).fill(pair[which]));
  const table = createImageTable(["a", "b"], 4);
  table.set(0, observationOf(0, pixels("truth"), pixels("predicted")));
  const largest = [...pairs].reverse().slice(0, 6);
  expect(table.list()[0]?.confused.map(([truth, predicted]) => [truth, predicted])).toEqual(
    largest.map(({ truth, predicted }) => [truth, predicted]),
  );
  const label = new Array<number>(2001).fill(0);
  table.set(
    1,
    observationOf(
      1,
      label,
      label.map((_, i) => (i === 0 ? 3 : i < 4 ? 1 : 0)),
    ),
  );
  expect(table.list()[1]?.confused).toEqual([[0, 1, 3 / 2001]]); // 1 of 2001 is too little
});

test("the tables of two processes add up to the whole set, and an image can be set again", () => {
  const names = ["a", "b"];
  const [one, two] = [createImageTable(names, 4), createImageTable(names, 4)];
  one.set(0, observationOf(0, [0, 1, 2, 3], [1, 0, 3, 2]));
  one.set(0, observationOf(0, [0, 1, 1, 1], [0, 1, 1, 3]));
  two.set(1, observationOf(1, [2, 2], [2, 2]));
  for (const [i, value] of two.values.entries()) one.values[i] = (one.values[i] as number) + value;
  const [first, second] = one.list();
  expect(first).toMatchObject({ accuracy: 0.75, entropy: 0.25, confused: [[1, 3, 0.25]] });
  expect(first?.iou).toEqual([1, 2 / 3, null, null]);
  expect(second).toMatchObject({ accuracy: 1, confused: [] });
});
