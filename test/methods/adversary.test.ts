import { describe, expect, test } from "vitest";
import type { MethodContext } from "../../src/methods/index.js";
import { adversary } from "../../src/methods/step/adversary.js";
import { dispose, full, manualSeed, randn, scope } from "../../src/torch/index.js";
import { digests, trainTiny, using } from "../train/tiny.js";

const context = {
  network: { classes: 3, device: "cpu" },
  gradientNorms: false,
} as unknown as MethodContext;

describe("an adversary", () => {
  test("passes its gradient to the maps, and does not keep one itself", () => {
    manualSeed(3);
    const { fool, state } = adversary(context, "d", "vanilla");
    const before = digests(state);
    expect([...state.keys()].filter((name) => name.endsWith("weight"))).toHaveLength(5);
    scope(() => {
      const maps = randn([1, 3, 32, 64]);
      maps.requiresGrad = true;
      fool(maps).backward();
      expect(maps.grad?.norm().item()).toBeGreaterThan(0);
    });
    for (const [name, tensor] of state) {
      expect(scope(() => tensor.grad === undefined)).toBe(true);
      expect(tensor.requiresGrad).toBe(/^d\.\d\.(weight|bias)$/.test(name));
    }
    expect(digests(state)).toEqual(before);
    dispose(state);
  });

  test.each(["vanilla", "least-squares"] as const)(
    "%s learns to distinguish two domains",
    (kind) => {
      manualSeed(3);
      const { learn, fool, state } = adversary(context, "d", kind);
      const maps = {
        source: () => full([1, 3, 32, 32], -1),
        target: () => full([1, 3, 32, 32], 1),
      };
      const fooled = () => scope(() => fool(maps.target()).item());
      const chance = fooled();
      const sum = (scalars: Record<string, number>) =>
        (scalars["d/source"] as number) + (scalars["d/target"] as number);
      const first = sum(scope(() => learn(maps, 1e-3)));
      let last = first;
      for (let i = 0; i < 20; i++) last = sum(scope(() => learn(maps, 1e-3)));
      expect(last).toBeLessThan(first / 4);
      expect(fooled()).toBeGreaterThan(chance); // the network fools it less
      dispose(state);
    },
  );
});

describe("output-space methods", () => {
  test("log losses of network and discriminators, and train both", async () => {
    await using({ method: "advent" }, async (run) => {
      const before = digests(run.method.state);
      const [report] = await trainTiny(run, { steps: 1 });
      expect(Object.keys(report?.scalars ?? {})).toEqual([
        ...["source/main", "source/aux", "target/fool", "target/foolAux"],
        ...["discriminator/source", "discriminator/target"],
        ...["discriminatorAux/source", "discriminatorAux/target"],
      ]);
      const after = digests(run.method.state);
      for (const name of ["discriminator.0.weight", "discriminatorAux.4.bias"]) {
        expect(after.get(name)).not.toBe(before.get(name));
      }
    });
  });

  test("with adversarial weight 0 the network equals source-only's", async () => {
    const weights = (method: "adaptsegnet" | "source-only", options: object) =>
      using({ method, options }, async (run) => {
        await trainTiny(run, { steps: 2 });
        return digests(run.network.parameters.trainable);
      });
    const none = { adversarial: 0, adversarialAux: 0 };
    const alone = await weights("source-only", {});
    expect(await weights("adaptsegnet", none)).toEqual(alone);
    expect(await weights("adaptsegnet", {})).not.toEqual(alone);
  });
});
