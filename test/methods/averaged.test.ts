import { describe, expect, test } from "vitest";
import type { Method, Progress } from "../../src/methods/index.js";
import { batchStatistics } from "../../src/network/index.js";
import { everything, type TinyRun, trainTiny, using } from "../train/tiny.js";

const NAMES = ["layer6.conv2d_list.0.weight", "layer4.1.bn2.running_var"];

/** The first numbers of each tensor. */
const numbers = (all: ReadonlyMap<string, { numbers(): number[] }>) =>
  NAMES.map((name) => all.get(name)?.numbers().slice(0, 5) as number[]);

/** A run that returns its network's values after every step. */
function watched(run: TinyRun): { run: TinyRun; seen: number[][][] } {
  const seen: number[][][] = [];
  const method = {
    ...run.method,
    step(batches: never, progress: Progress) {
      const scalars = run.method.step(batches, progress);
      seen.push(numbers(run.network.parameters.all));
      return scalars;
    },
  } as Method;
  return { run: { ...run, method }, seen };
}

describe("train.ema", () => {
  test("averages weights and statistics: evenly at first, then with its decay", async () => {
    await using({ method: "minent", context: { ema: 0.6 } }, async (tiny) => {
      const { run, seen } = watched(tiny);
      await trainTiny(run, { steps: 5 });
      const shares = [0, 1 / 2, 0.6, 0.6, 0.6]; // decays of the average by step
      let expected = seen[0] as number[][];
      for (const [step, weights] of seen.entries()) {
        const kept = shares[step] as number;
        expected = expected.map((one, i) =>
          one.map((value, k) => kept * value + (1 - kept) * (weights[i]?.[k] as number)),
        );
      }
      const found = numbers(tiny.method.average?.network.parameters.all as never);
      for (const [i, value] of found.flat().entries()) {
        expect(value).toBeCloseTo(expected.flat()[i] as number, 6);
      }
      expect(found).not.toEqual(numbers(tiny.network.parameters.all));
    });
  });

  test("does not change the training, including random numbers", async () => {
    const learnt = (ema?: number) =>
      using({ method: "self-training", context: { ema } }, async (run) => {
        const reports = await trainTiny(run, { steps: 3 });
        const own = [...everything(run)].filter(([name]) => !name.startsWith("method/ema."));
        return { own, scalars: reports.map(({ scalars }) => scalars) };
      });
    expect(await learnt(0.9)).toEqual(await learnt());
  });

  test("is the teacher if that has the same decay, otherwise a separate average", async () => {
    const kept = (ema: number) =>
      using(
        { method: "self-training", options: { teacherDecay: 0.9 }, context: { ema } },
        async ({ method: { average, state } }) => {
          const { prefix, decay, network } = average as NonNullable<Method["average"]>;
          expect(state.get(`${prefix}${NAMES[0]}`)).toBe(
            network.parameters.all.get(NAMES[0] ?? ""),
          );
          const copies = [...state.keys()].filter((name) => name.endsWith(`.${NAMES[0]}`));
          return { prefix, decay, copies: copies.length };
        },
      );
    expect(await kept(0.9)).toEqual({ prefix: "teacher.", decay: 0.9, copies: 1 });
    expect(await kept(0.99)).toEqual({ prefix: "ema.", decay: 0.99, copies: 2 });
  });

  test("its statistics are among those that ranks average", async () => {
    await using({ method: "source-only", context: { ema: 0.9 } }, async ({ network, method }) => {
      const own = batchStatistics(network.parameters.all).length;
      expect(batchStatistics(method.state)).toHaveLength(own);
    });
  });
});
