// On a GPU, some operators have other forms. Here they run on the CPU, and must give the CPU's numbers.
import { afterEach, describe, expect, test, vi } from "vitest";
import { METHODS } from "../../src/methods/index.js";
import { countHostReads, scope, type Tensor } from "../../src/torch/index.js";
import { native } from "../../src/torch/native.js";
import type { StepReport } from "../../src/train/index.js";
import { digests, type TinySetup, tinyDataset, trainTiny, using } from "../train/tiny.js";

const form = vi.hoisted(() => ({ ofGpu: false, captures: false }));
vi.mock("../../src/torch/device.js", async (original) => ({
  ...(await original<typeof import("../../src/torch/device.js")>()),
  isGpu: () => form.ofGpu,
  storesChannelsLast: () => form.ofGpu,
  capturesSteps: () => form.captures,
}));
afterEach(() => {
  Object.assign(form, { ofGpu: false, captures: false });
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

/** The reports of two steps, and the number of their operators, back-propagations and host reads. */
async function trained(setup: TinySetup, ofGpu: boolean) {
  form.ofGpu = ofGpu;
  const { call, gradients, backward } = native;
  let [operators, passes] = [0, 0];
  const before = countHostReads();
  native.call = (...args) => {
    operators++;
    return call(...args);
  };
  native.gradients = (...args) => {
    passes++;
    return gradients(...args);
  };
  native.backward = (...args) => {
    passes++;
    return backward(...args);
  };
  try {
    const reports = await using(setup, (run) =>
      trainTiny(run, { steps: 2, labelledTarget: tinyDataset(2) }),
    );
    return { reports, operators, passes, reads: countHostReads() - before };
  } finally {
    Object.assign(native, { call, gradients, backward });
  }
}

describe("the forms for GPUs give the CPU's losses, with fewer operators and passes, in channels last", () => {
  test.each(setups.map((setup) => [JSON.stringify(setup), setup] as const))(
    "%s",
    async (_, setup) => {
      const cpu = await trained(setup, false);
      const gpu = await trained(setup, true);
      expect(gpu.operators).toBeLessThan(cpu.operators);
      expect(gpu.passes).toBeLessThanOrEqual(cpu.passes);
      expect(gpu.reads).toBe(cpu.reads);
      // The second step is one after an update, which amplifies roundings.
      for (const [i, tolerance] of [1e-5, 1e-3].entries()) {
        const [found, expected] = [gpu, cpu].map(
          ({ reports }) => (reports[i] as StepReport).scalars,
        );
        for (const [name, value] of Object.entries(expected as StepReport["scalars"])) {
          const difference =
            Math.abs((found?.[name] as number) - value) / Math.max(1, Math.abs(value));
          expect(difference, `${name} in step ${i}`).toBeLessThan(tolerance);
        }
      }
    },
  );
});

describe("channels last", () => {
  const stored = (tensor: Tensor) => scope(() => tensor.permute(0, 2, 3, 1).array); // throws if it is not

  test.each(["sgd", "adamw"] as const)("weights and the state of %s", async (optimizer) => {
    form.ofGpu = true;
    await using({ method: "source-only", context: { optimizer } }, async (run) => {
      await trainTiny(run, { steps: 1 });
      const all = [...run.network.parameters.all, ...run.method.state];
      const images = all.filter(([, { shape }]) => shape.length === 4);
      expect(images.length).toBeGreaterThan(40);
      for (const [name, tensor] of images) {
        const isPoint = tensor.size(2) === 1 && tensor.size(3) === 1; // both orders are the same
        if (!isPoint) expect(() => stored(tensor), name).not.toThrow();
      }
    });
  });

  test("is not seen in checkpoints, nor in the weights of a seed", async () => {
    const weights = async (ofGpu: boolean) => {
      form.ofGpu = ofGpu;
      return using({ method: "source-only" }, async ({ network }) =>
        [...digests(network.parameters.all)].join(),
      );
    };
    expect(await weights(true)).toBe(await weights(false));
  });
});

describe("a captured step", () => {
  /** The reports of four steps. If the fourth is captured, a read or an upload in it is an error. */
  async function fourSteps(setup: TinySetup, captures: boolean, fails = false) {
    Object.assign(form, { ofGpu: true, captures });
    const { fromArray, fromArrays, bytes } = native;
    let count = 0;
    const refuse = () => {
      throw new Error("a captured step must not use the memory of the processor");
    };
    const graph = { is: "graph" } as const;
    Object.assign(native, {
      beginCapture: () => {
        count++;
        Object.assign(native, { fromArray: refuse, fromArrays: refuse, bytes: refuse });
        return graph;
      },
      endCapture: () => {
        Object.assign(native, { fromArray, fromArrays, bytes });
        if (fails) throw new Error("out of memory");
      },
      abandonCapture: () => {},
      replayGraph: () => {}, // the CPU has computed during the capture
      disposeGraph: () => {},
    });
    try {
      const reports = await using(setup, (run) =>
        trainTiny(run, { steps: 4, labelledTarget: tinyDataset(2) }),
      );
      return { count, scalars: reports.map(({ scalars }) => scalars) };
    } finally {
      for (const name of [
        "beginCapture",
        "endCapture",
        "abandonCapture",
        "replayGraph",
        "disposeGraph",
      ]) {
        Reflect.deleteProperty(native, name);
      }
      Object.assign(native, { fromArray, fromArrays, bytes });
    }
  }

  test.each<[TinySetup, number]>([
    [{ method: "source-only" }, 1],
    [{ method: "minent" }, 1],
    [{ method: "minent", context: { optimizer: "adamw", clip: 0.5 } }, 1],
    [{ method: "maxsquare", options: { balance: 0.2 } }, 1],
    [{ method: "cfcontra" }, 1],
    [{ method: "cfcontra", options: { pseudoLabels: "predictions" } }, 1],
    [{ method: "cfcontra", options: { warmup: 2 } }, 0], // begins again with the contrastive terms
    [{ method: "cfcontra", options: { thresholdDecay: true } }, 0],
    [{ method: "cfcontra", context: { labelledWeight: 0.5 } }, 0],
    [{ method: "minent", context: { gradientNorms: true } }, 0],
    [{ method: "advent" }, 0],
    [{ method: "self-training", options: { mask: { block: 0.25 } } }, 1], // its first two parts
    [{ method: "self-training", context: { optimizer: "adamw" } }, 1],
  ])("%j: %d captures", async (setup, count) => {
    const { scalars } = await fourSteps(setup, false);
    const captured = await fourSteps(setup, true);
    expect(captured.count).toBe(count);
    expect(captured.scalars).toEqual(scalars);
  });

  test.each(["sgd", "adamw"] as const)(
    "a capture that fails adds no gradient with %s",
    async (optimizer) => {
      const setup: TinySetup = {
        method: "source-only",
        // On the CPU a failed capture has computed, so that statistics and momentum are updated twice.
        context: { optimizer, clip: 0.5 },
      };
      const { scalars } = await fourSteps(setup, false);
      const failed = await fourSteps(setup, true, true);
      expect(failed.scalars.slice(0, 3)).toEqual(scalars.slice(0, 3));
      expect(failed.scalars[3]?.["gradient/all"]).toBeCloseTo(
        scalars[3]?.["gradient/all"] as number,
        4,
      );
    },
  );
});
