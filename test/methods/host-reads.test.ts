// A read waits for a GPU to finish: a step has one, of all its scalars together.
import { describe, expect, test } from "vitest";
import { METHODS } from "../../src/methods/index.js";
import { countHostReads, readScalars, scope, tensor, zeros } from "../../src/torch/index.js";
import { type TinySetup, tinyDataset, trainTiny, using } from "../train/tiny.js";

const setups: TinySetup[] = [
  ...METHODS.map((method) => ({ method })),
  {
    method: "self-training",
    options: { strong: { grey: 0.5 }, mask: { block: 0.25 }, ignoreBottom: 0.2 },
  },
  { method: "cfcontra", context: { clip: 0.5, gradientNorms: true } },
  { method: "advent", context: { optimizer: "adamw", clip: 0.5 } },
  { method: "minent", context: { ema: 0.9 } },
  { method: "cfcontra", context: { labelledWeight: 0.5 } },
  { method: "cfcontra", context: { duplicateUpdates: true }, options: { bankUpdates: "both" } },
  { method: "maxsquare", options: { balance: 0.2 }, decoder: "deeplab-v3plus" },
  { method: "adaptsegnet", options: { gan: "least-squares" } },
];

describe("a step reads its scalars once, and nothing else", () => {
  test.each(setups.map((setup) => [JSON.stringify(setup), setup] as const))(
    "%s",
    async (_, setup) => {
      const counts: number[] = [];
      await using(setup, async (run) => {
        const step = run.method.step as (...args: unknown[]) => unknown;
        const method = {
          ...run.method,
          step(...args: unknown[]) {
            counts.push(countHostReads());
            return step(...args);
          },
        } as typeof run.method;
        const labelledTarget = tinyDataset(2);
        await trainTiny({ ...run, method }, { steps: 4, labelledTarget });
      });
      // From the start of a step to that of the next. The guard rails check in step 0.
      expect([2, 3].map((i) => (counts[i] as number) - (counts[i - 1] as number))).toEqual([1, 1]);
    },
  );
});

test("scalars are read in their order, tensors of any type among numbers", () => {
  const before = countHostReads();
  const read = scope(() =>
    readScalars({
      a: 1.5,
      b: tensor(Float32Array.from([0.1])),
      c: zeros([], { dtype: "bfloat16" }),
      d: tensor(Float64Array.from([0.1]), []),
      e: 2,
    }),
  );
  expect(Object.entries(read)).toEqual([
    ["a", 1.5],
    ["b", Math.fround(0.1)],
    ["c", 0],
    ["d", 0.1],
    ["e", 2],
  ]);
  expect(countHostReads() - before).toBe(1);
  expect(readScalars({ a: 1 })).toEqual({ a: 1 });
  expect(countHostReads() - before).toBe(1);
});
