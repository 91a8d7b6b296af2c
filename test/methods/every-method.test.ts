// Properties of every method of the registry, including new ones.
import { describe, expect, test } from "vitest";
import { METHODS, type MethodName } from "../../src/methods/index.js";
import {
  alone,
  type GradientExchange,
  liveMemory,
  scope,
  type Tensor,
} from "../../src/torch/index.js";
import { latestCheckpoint, resume, saveInto } from "../../src/train/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import {
  everything,
  type TinyRun,
  type TinySetup,
  tinyClasses,
  tinyDataset,
  trainTiny,
  using,
} from "../train/tiny.js";

/** The exact results of a run. */
async function outcome(run: TinyRun, loop: Parameters<typeof trainTiny>[1]) {
  const reports = await trainTiny(run, loop);
  return { learnt: everything(run), scalars: reports.map(({ scalars }) => scalars) };
}

/** Options other than the defaults that change a method's losses or state. */
const variants: Partial<Record<MethodName, readonly object[]>> = {
  adaptsegnet: [{ gan: "least-squares" }],
  "self-training": [
    { warmup: 1, denoising: 0, jitter: 0 },
    { strong: { grey: 0.5 }, mask: { block: 0.25 }, confidence: 0.3, ignoreBottom: 0.2 },
  ],
  maxsquare: [{ balance: 0, guidance: 0 }],
};

/** Training settings other than the defaults that change every method's state, tested with one method. */
const trainings: TinySetup[] = [
  { method: "cfcontra", context: { optimizer: "adamw" } },
  { method: "advent", context: { clip: 0.5 } },
  { method: "minent", context: { ema: 0.9 } },
  ...METHODS.map((method) => ({ method, context: { labelledWeight: 0.5 } })),
];

const setups: TinySetup[] = [
  ...METHODS.flatMap((method) => [
    { method },
    ...(variants[method] ?? []).map((options) => ({ method, options })),
  ]),
  ...trainings,
];

/** A group of one process that records, for each step of the network, whether gradients could be sent early. */
function watchedGroup() {
  const steps: boolean[] = [];
  let exchanges = 0;
  const exchange = (parameters: readonly Tensor[]): GradientExchange => {
    const isNetwork = exchanges++ === 0; // discriminators are created after it
    const norms = () =>
      scope(() => parameters.map(({ grad }) => (grad ? grad.norm().item() : undefined)));
    let final: ReturnType<typeof norms> | undefined;
    return {
      lastBackward(loss) {
        expect(final).toBeUndefined();
        loss.backward();
        final = norms();
      },
      average() {
        if (final) expect(norms()).toEqual(final);
        if (isNetwork) steps.push(final !== undefined);
        final = undefined;
      },
    };
  };
  return { group: { ...alone, exchange }, steps };
}

describe.each(setups)("$method $options $context", (setup) => {
  test("three steps give finite numbers, the same ones twice", async () => {
    const once = () => using(setup, (run) => outcome(run, { steps: 3 }));
    const first = await once();
    expect(first.scalars).toHaveLength(3);
    for (const scalars of first.scalars) {
      expect(scalars["source/main"]).toBeGreaterThan(0);
      expect(Object.values(scalars).every(Number.isFinite)).toBe(true);
    }
    expect(await once()).toEqual(first);
  });

  const precisions = ["float32", "bfloat16"] as const;
  test.each(precisions)(
    "stopped and resumed in %s: the bits of a run that was not",
    async (precision) => {
      const own = { ...setup, context: { ...setup.context, precision } };
      await inTemporaryFolder(async (folder) => {
        const info = { step: 2, method: "any", classes: tinyClasses.names, network: {} };
        const whole = await using(own, (run) => outcome(run, { steps: 4 }));
        const scalars = await using(own, async (run) => {
          const first = await outcome(run, { steps: 4, stopAfter: 2 });
          saveInto(folder, info, run.network, run.method);
          return first.scalars;
        });
        await using({ ...own, seed: 9 }, async (run) => {
          const { step: start } = resume(latestCheckpoint(folder), run.network, run.method);
          const second = await outcome(run, { steps: 4, start });
          expect(second.learnt).toEqual(whole.learnt);
          expect([...scalars, ...second.scalars]).toEqual(whole.scalars);
        });
      });
    },
  );

  test("calls lastBackward of the network once per step, as the last back-propagation", async () => {
    const { group, steps } = watchedGroup();
    await using({ ...setup, context: { ...setup.context, group } }, (run) =>
      trainTiny(run, { steps: 3 }),
    );
    expect(steps).toEqual([true, true, true]);
  });

  test("frees the tensors of a step, and all tensors when it is disposed", async () => {
    const outside = liveMemory();
    await using({ ...setup, context: { ...setup.context, gradientNorms: true } }, async (run) => {
      await trainTiny(run, { steps: 2 });
      const before = liveMemory();
      await trainTiny(run, { steps: 5, start: 2 });
      expect(liveMemory()).toEqual(before);
    });
    expect(liveMemory()).toEqual(outside);
  });

  test("does not use labels of the target", async () => {
    const relabel = (labels: ((id: number) => number) | "none") =>
      using(setup, (run) =>
        outcome(run, { steps: 3, target: tinyDataset(4, { first: 10, relabel: labels }) }),
      );
    const without = await relabel("none");
    expect(await relabel((id) => id)).toEqual(without);
    expect(await relabel((id) => (id + 1) % 3)).toEqual(without);
    expect(await relabel(() => 200)).toEqual(without); // beyond all classes
  });

  test("gradientNorms logs a norm for every loss, and does not change the training", async () => {
    const measured = (gradientNorms: boolean) =>
      using({ ...setup, context: { ...setup.context, gradientNorms } }, (run) =>
        outcome(run, { steps: 2 }),
      );
    const [off, on] = [await measured(false), await measured(true)];
    expect(on.learnt).toEqual(off.learnt);
    const scalars = on.scalars.at(-1) ?? {};
    const losses = Object.keys(scalars).filter((name) =>
      /^(source|target|labelled|mixed|contrast)\//.test(name),
    );
    expect(losses).toContain("source/main");
    for (const name of losses) expect(scalars).toHaveProperty([`gradient/${name}`]);
    const unasked = Object.keys(off.scalars.at(-1) ?? {}).filter((name) => /^gradient/.test(name));
    expect(unasked).toEqual(setup.context?.clip === undefined ? [] : ["gradient/all"]);
  });
});
