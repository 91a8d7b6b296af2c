import { expect, test } from "vitest";
import { collapse } from "../../src/experiment/collapse.js";

const matrix = (...rows: number[][]) => ({
  classes: rows.length,
  counts: Float64Array.from(rows.flat()),
});

test("a network that predicts one class for nearly all pixels has collapsed, unless they are of it", () => {
  const names = ["road", "sky"];
  expect(collapse(matrix([300, 0], [650, 50]), names, "target")).toContain(
    "95.0 % of the labelled pixels of target are predicted as road, and 30.0 % are",
  );
  expect(collapse(matrix([900, 0], [60, 40]), names, "target")).toBeUndefined(); // 90 % are road
  expect(collapse(matrix([300, 100], [300, 300]), names, "target")).toBeUndefined();
  expect(collapse(matrix([0, 0], [0, 0]), names, "target")).toBeUndefined();
});
