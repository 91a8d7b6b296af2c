import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { parseDatasetSpec } from "../../src/datasets/open.js";
import { configuration, presetNames } from "../../src/experiment/presets.js";
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
