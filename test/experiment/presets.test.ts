import { readFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { stringify } from "yaml";
import { parseDatasetSpec } from "../../src/datasets/open.js";
import {
  configuration,
  type Preset,
  presetNames,
  runConfig,
} from "../../src/experiment/presets.js";
import { METHODS } from "../../src/methods/index.js";
import { preset, tiny } from "../cli/cli.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";

test.each(presetNames())(
  "%s fits the schema with every method, and states its expected results",
  (name) => {
    const config = configuration({ preset: name });
    for (const spec of [config.source, config.target, ...Object.values(config.evaluate)]) {
      expect(parseDatasetSpec(spec).type).toBe(spec.type);
    }
    for (const method of METHODS) {
      expect(configuration({ preset: name, method }).method).toBe(method);
    }
    const header = readFileSync(join("presets", `${name}.yaml`), "utf8").split(/^[^#]/m)[0] ?? "";
    expect(header).toMatch(/Expected|Published/i);
  },
);

test("byMethod changes the configuration of one method, and --set overrides it", async () => {
  await inTemporaryFolder(async (root) => {
    const path = await preset(root, {
      ...tiny(root),
      byMethod: { cfcontra: { style: { method: "color" }, train: { rate: 0.5 } } },
    });
    const of = (method: string, set: string[] = []) => configuration({ preset: path, method, set });
    expect(of("minent").style.method).toBe("none");
    expect(of("cfcontra")).toMatchObject({
      style: { method: "color" },
      train: { rate: 0.5, steps: 3 },
    });
    expect(of("cfcontra", ["style.method=none"]).style.method).toBe("none");
    expect(of("cfcontra", ["style=null"]).style.method).toBe("none"); // removes the key
    const wrong = await preset(root, { ...tiny(root), byMethod: { cfcontrast: {} } }, "wrong");
    const names = [wrong, "byMethod", "cfcontra"];
    await userError(() => configuration({ preset: wrong }), "invalid-value", ...names);
  });
});

test.each([
  "train.batch=1e15",
  "train.batch=100000",
  "sizes.source=[4194305, 16]",
  "sizes.evaluate=[16384, 16384]",
])("%s can never fit, and is refused before anything is opened", async (set) => {
  await inTemporaryFolder(async (root) => {
    const path = await preset(root, tiny(root));
    const key = set.slice(0, set.indexOf("="));
    const open = () => configuration({ preset: path, set: [set] });
    await userError(open, "invalid-value", key);
  });
});

test("overrides stay as they are, and null removes a key at every depth", () => {
  const overrides = { train: { steps: 5, clip: null }, pretrain: { steps: 3, rate: 1 } } as object;
  const before = structuredClone(overrides);
  const set = ["train.rate=0.5", "pretrain.rate=0.25"];
  const { train: _, ...rest } = tiny("data");
  const bare = rest as unknown as Preset;
  const { train, pretrain } = configuration({ preset: bare, overrides, seed: 7, set });
  expect([train.seed, train.steps, train.clip, train.rate]).toEqual([7, 5, undefined, 0.5]);
  expect(pretrain).toMatchObject({ steps: 3, rate: 0.25 });
  expect(overrides).toEqual(before);
});

test("self-training refuses domains of two sizes before anything is trained", async () => {
  const sizes = { source: [64, 32], target: [48, 32], evaluate: [64, 32] };
  const mixed = { ...tiny("data"), sizes } as unknown as Preset;
  const method = "self-training";
  const names = ["64x32", "48x32", "sizes.source", "sizes.target"];
  await userError(() => configuration({ preset: mixed, method }), "size-mismatch", ...names);
});

describe("a change without effect is refused:", () => {
  const bare = tiny("data") as unknown as Preset;
  test.each([
    ["a misspelt key to remove", ["pretrian=null"], "unknown-key", ["pretrian", "pretrain"]],
    ["the same in a section", ["train.emma=null"], "unknown-key", ["train.emma", "ema"]],
    ["in options", ["options.minent.entropi=null"], "unknown-key", ["entropi", "entropy"]],
    ["a comment", ["pretrain=#3"], "invalid-value", ["pretrain=#3", "the value is missing"]],
    ["a seed that is given twice", ["train.seed=3"], "conflicting-options", ["train.seed=3", "4"]],
    ["steps, too", ["train.steps=3"], "conflicting-options", ["train.steps=3", "5"]],
    [
      "a table that replaces the one of the seed",
      ["train={ rate: 0.02 }"],
      "conflicting-options",
      ["--set train={ rate: 0.02 }", "all of train", "train.seed", "4"],
    ],
    ["a method", ["method=minent"], "conflicting-options", ["method=minent", "cfcontra"]],
    [
      "contrast that begins after the end",
      ["options.cfcontra.warmup=5"],
      "invalid-value",
      ["options.cfcontra.warmup", "train.steps"],
    ],
    ["a blur that cannot be seen", ["augment.blur=0.2"], "invalid-value", ["augment.blur", "0.3"]],
  ] as const)("%s", async (_, set, code, names) => {
    const given = { preset: bare, method: "cfcontra", seed: 4, steps: 5 };
    await userError(() => configuration({ ...given, set }), code, ...names);
  });

  test("misspelt keys to remove in byMethod and in overrides", async () => {
    const byMethod = { cfcontra: { pretrian: null } };
    const preset = { ...bare, byMethod } as unknown as Preset;
    const open = () => configuration({ preset, method: "cfcontra" });
    await userError(open, "unknown-key", "byMethod.cfcontra", "pretrian", "pretrain");
    const overrides = { train: { emma: null } } as object;
    const change = () => configuration({ preset: bare, overrides });
    await userError(change, "unknown-key", "train.emma", "ema");
  });
});

test("a run that was made with such settings still opens", async () => {
  await inTemporaryFolder(async (root) => {
    const { train, ...rest } = tiny(root);
    const changes = { augment: { blur: 0.2 }, options: { cfcontra: { warmup: 9 } } };
    const made = { ...rest, train: { ...train, seed: 2 ** 28 }, ...changes };
    await writeFile(join(root, "config.yaml"), stringify(made));
    expect(runConfig(root)).toMatchObject({ augment: { blur: 0.2 }, train: { seed: 2 ** 28 } });
  });
});

test("--set method chooses the changes of byMethod, as --method does", () => {
  const style = { method: "color" } as const;
  const preset = { ...tiny("data"), byMethod: { cfcontra: { style } } } as unknown as Preset;
  const of = (method: string) => configuration({ preset, set: [`method=${method}`] });
  expect(of("cfcontra")).toMatchObject({ method: "cfcontra", style });
  expect(of('"cfcontra"')).toMatchObject({ method: "cfcontra", style });
  expect(of("null")).toMatchObject({ method: "cfcontra", style });
  expect(of("minent")).toMatchObject({ method: "minent", style: { method: "none" } });
});
