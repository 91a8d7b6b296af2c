import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseDatasetSpec } from "../../src/datasets/open.js";
import { configuration, type Preset, presetNames } from "../../src/experiment/presets.js";
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
