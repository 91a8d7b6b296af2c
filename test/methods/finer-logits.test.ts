// A network whose logits are finer than its features, under every method.
import { expect, test } from "vitest";
import { METHODS, type MethodName } from "../../src/methods/index.js";
import { trainTiny, using } from "../train/tiny.js";

const setups: [MethodName, object][] = [
  ...METHODS.map((method): [MethodName, object] => [method, {}]),
  ["cfcontra", { pseudoLabels: "predictions" }],
  ["self-training", { pseudoLabels: "predictions", denoising: 1 }],
];

test.each(setups)("%s %o trains DeepLab-v3+", async (method, options) => {
  await using({ method, options, decoder: "deeplab-v3plus" }, async (run) => {
    const { network } = run;
    const reports = await trainTiny(run, { steps: 3, rate: 0.003 });
    for (const { scalars } of reports) {
      expect(scalars["source/main"]).toBeGreaterThan(0);
      expect(Object.entries(scalars).filter(([, value]) => !Number.isFinite(value))).toEqual([]);
      if (method === "cfcontra") expect(scalars["contrast/source"]).toBeGreaterThan(0);
    }
    expect(network.featureSize).toBe(64);
  });
});
