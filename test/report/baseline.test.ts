import { describe, expect, test } from "vitest";
import { baselineFinder, type Candidate, evaluatedAlike } from "../../src/report/baseline.js";
import { type Changes, configuration } from "./configuration.js";

const run = (folder: string, changes: Changes = {}): Candidate => ({
  folder,
  configuration: JSON.parse(JSON.stringify(configuration(changes))),
});
const sourceOnly = (folder: string, changes: Changes = {}) =>
  run(folder, { method: "source-only", ...changes });

/** Kind and folder of the baseline of a run among others. */
function baseline(of: Candidate, ...among: Candidate[]): string | undefined {
  const found = baselineFinder([...among, of])(of);
  return found && `${found.kind} ${found.run.folder}`;
}

describe("a baseline", () => {
  test("is source-only with equal settings, whatever other settings come first", () => {
    // A grid over widths: the first source-only is 7.3 points below, the matching one 2.4.
    const grid = [0.25, 0.5, 1].map((width) => sourceOnly(`s${width}`, { network: { width } }));
    expect(baseline(run("c", { network: { width: 1 } }), ...grid)).toBe("source-only s1");
    expect(baseline(run("c", { network: { width: 0.25 } }), ...grid)).toBe("source-only s0.25");
    expect(baseline(run("c", { network: { width: 2 } }), ...grid)).toBeUndefined();
  });

  test("has the same seed", () => {
    const seeds = [1, 2].map((seed) => sourceOnly(`s${seed}`, { train: { seed } }));
    expect(baseline(run("c", { train: { seed: 2 } }), ...seeds)).toBe("source-only s2");
    expect(baseline(run("c", { train: { seed: 3 } }), ...seeds)).toBeUndefined();
  });

  const apart: [string, Changes][] = [
    ["steps", { train: { steps: 200 } }],
    ["rate", { train: { rate: 0.5 } }],
    ["head", { network: { head: "none" } }],
    ["pretraining", { pretrain: { steps: 1, rate: 1 } }],
    ["evaluation set", { evaluate: { target: { type: "streets", root: "/other" } } }],
    ["sizes", { sizes: {} }],
  ];
  test.each(apart)("is not one of another %s", (_, changes) => {
    expect(baseline(run("c"), sourceOnly("s", changes))).toBeUndefined();
  });

  test("may differ in options, in what is logged and in the device", () => {
    const train = { device: "cuda", evaluateEvery: 9, checkpointEvery: 9 };
    expect(baseline(run("c"), sourceOnly("s", { options: {}, train }))).toBe("source-only s");
  });

  test("else is the pretraining that the run starts from", () => {
    const pretrain = { steps: 2500, rate: 0.03, run: "/runs/pretrained-1/" };
    const start = sourceOnly("/runs/pretrained-1", { pretrain: undefined, train: { steps: 2500 } });
    const other = sourceOnly("/runs/pretrained-2", { pretrain: undefined, train: { steps: 2500 } });
    expect(baseline(run("c", { pretrain }), other, start)).toBe("pretraining /runs/pretrained-1");
    const named = { pretrain: undefined, network: { weights: "/runs/pretrained-1" } };
    expect(baseline(run("c", named), start)).toBe("pretraining /runs/pretrained-1");
    expect(baseline(run("c", { pretrain }), start, sourceOnly("s"))).toBe("source-only s");
    const elsewhere = sourceOnly("/runs/pretrained-1", {
      evaluate: { target: { type: "streets", root: "/other" } },
    });
    expect(baseline(run("c", { pretrain }), elsewhere)).toBeUndefined();
  });

  test("is not the run named by after, but source-only after it, or the pretraining of both", () => {
    const after = { method: "minent", steps: 5, run: "/runs/minent-first-1" };
    const pretrain = { steps: 2500, rate: 0.03, run: "/runs/pretrained-1" };
    const first = run("/runs/minent-first-1", { method: "minent", pretrain });
    const start = sourceOnly("/runs/pretrained-1", { pretrain: undefined });
    const two = run("c", { after, pretrain });
    expect(baseline(two, first)).toBeUndefined();
    expect(baseline(two, first, sourceOnly("s", { pretrain }))).toBeUndefined();
    expect(baseline(two, first, start)).toBe("pretraining /runs/pretrained-1");
    const same = sourceOnly("s", { after, pretrain });
    expect(baseline(two, first, start, same)).toBe("source-only s");
    const options = { minent: { entropy: 9 } };
    const other = sourceOnly("s", { after, pretrain, options });
    expect(baseline(two, other)).toBeUndefined(); // another first run
  });

  test("source-only has none", () => {
    expect(baseline(sourceOnly("a"), sourceOnly("b"))).toBeUndefined();
  });

  test("can be looked for in anything that a file may hold", () => {
    const odd = [{}, { train: null }, { method: 1, network: "x", pretrain: [] }, { evaluate: 3 }];
    for (const value of odd) {
      expect(baselineFinder([])({ folder: "x", configuration: value })).toBeUndefined();
    }
  });
});

test("runs are evaluated alike if all sets that both have are, and the main one is among them", () => {
  const set = (root: string) => ({ type: "folder", root });
  const one = { evaluate: { val: set("a"), night: set("b") } };
  expect(evaluatedAlike(one, { evaluate: { val: set("a") } })).toBe(true);
  expect(evaluatedAlike(one, { evaluate: { night: set("b") } })).toBe(false);
  expect(evaluatedAlike(one, { evaluate: { val: set("a"), night: set("c") } })).toBe(false);
  expect(evaluatedAlike({}, {})).toBe(false);
});
