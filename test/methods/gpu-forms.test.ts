// On a GPU, some operators have other forms. Here they run on the CPU, and must give the CPU's numbers.
import { afterEach, describe, expect, test, vi } from "vitest";
import { METHODS } from "../../src/methods/index.js";
import { native } from "../../src/torch/native.js";
import type { StepReport } from "../../src/train/index.js";
import { type TinySetup, tinyDataset, trainTiny, using } from "../train/tiny.js";

const form = vi.hoisted(() => ({ ofGpu: false }));
vi.mock("../../src/torch/device.js", async (original) => ({
  ...(await original<typeof import("../../src/torch/device.js")>()),
  isGpu: () => form.ofGpu,
}));
afterEach(() => {
  form.ofGpu = false;
});

const setups: TinySetup[] = [
  ...METHODS.map((method) => ({ method })),
  { method: "maxsquare", options: { balance: 0.2 }, decoder: "deeplab-v3plus" },
  {
    method: "self-training",
    options: { strong: { grey: 0.5 }, mask: { block: 0.25 }, ignoreBottom: 0.2 },
  },
  { method: "advent", context: { optimizer: "adamw", clip: 0.5 } },
  { method: "cfcontra", context: { labelledWeight: 0.5 } },
];

/** The reports of three steps, and the operators and back-propagations of the last. */
async function trained(setup: TinySetup, ofGpu: boolean) {
  form.ofGpu = ofGpu;
  const calls = [native.call, native.gradients, native.backward].map((call) => call);
  let [operators, passes] = [0, 0];
  native.call = (...args) => {
    operators++;
    return (calls[0] as typeof native.call)(...args);
  };
  native.gradients = (...args) => {
    passes++;
    return (calls[1] as typeof native.gradients)(...args);
  };
  native.backward = (...args) => {
    passes++;
    return (calls[2] as typeof native.backward)(...args);
  };
  try {
    const reports = await using(setup, (run) =>
      trainTiny(run, { steps: 3, labelledTarget: tinyDataset(2) }),
    );
    return { reports, operators, passes };
  } finally {
    [native.call, native.gradients, native.backward] = calls as never;
  }
}

describe("the forms for GPUs give the CPU's losses, with fewer operators and passes", () => {
  test.each(setups.map((setup) => [JSON.stringify(setup), setup] as const))(
    "%s",
    async (_, setup) => {
      const cpu = await trained(setup, false);
      const gpu = await trained(setup, true);
      expect(gpu.operators).toBeLessThan(cpu.operators);
      expect(gpu.passes).toBeLessThanOrEqual(cpu.passes);
      for (const [i, { scalars }] of gpu.reports.entries()) {
        for (const [name, value] of Object.entries(scalars)) {
          const expected = (cpu.reports[i] as StepReport).scalars[name] as number;
          expect(Math.abs(value - expected), `${name} in step ${i}`).toBeLessThan(
            1e-4 * Math.max(1, Math.abs(expected)),
          );
        }
      }
    },
  );
});
