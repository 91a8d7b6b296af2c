import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

const FLOW = "{type: streets, domain: source, x: *a}";

describe("faults of a machine or a configuration are not bugs:", () => {
  test.each([
    ["network.width=1e-9", "invalid-value", "network.width"],
    ["network.width=1e9", "invalid-value", "network.width"],
    ["train.batch=100000000", "out-of-memory", "train.batch"],
    ["sizes.source=[200000,200000]", "out-of-memory", "sizes.source"],
    ["source.count=9e15", "invalid-value", "count"],
    ["source=&a {x: *a}", "invalid-value", "source"],
    ["x=[1,", "invalid-value", "x=[1,"],
  ] as const)("--set %s", async (assignment, code, name) => {
    await inTemporaryFolder(async (root) => {
      const data = ["--data", root, "--set", "target.count=1"];
      const result = await cli("train", "--dry-run", ...data, "--set", assignment);
      expectError(result, code, name);
    });
  });

  test("an anchor inside its own value", async () => {
    await inTemporaryFolder(async (root) => {
      const path = join(root, "circle.yaml");
      await writeFile(path, `source: &a ${FLOW}\ntarget: *a\nevaluate: { x: *a }\n`);
      expectError(await cli("train", "--preset", path, "--dry-run"), "damaged-file", path);
    });
  });

  test("--out that names a file, before the pretraining", async () => {
    await inTemporaryFolder(async (root) => {
      await makeDomains(root, 2);
      const out = join(root, "file");
      await writeFile(out, "");
      const pretrain = { steps: 1, rate: 0.001 };
      const path = await preset(root, tiny(root, { pretrain }));
      const { err, ...rest } = await cli("train", "--preset", path, "--out", out);
      expectError({ err, ...rest }, "not-writable", out);
      expect(err).not.toContain("pretraining");
    });
  });

  test("a folder instead of a preset", async () => {
    await inTemporaryFolder(async (root) => {
      const path = join(root, "folder.yaml");
      await mkdir(path);
      expectError(await cli("train", "--preset", path, "--dry-run"), "damaged-file", path);
    });
  });

  test("control sequences in a name do not reach the terminal", async () => {
    const { err } = await cli("weights", "inspect", "/no\u001b[2Jname\u0007");
    expect(err).toContain("/no?[2Jname?");
    expect(err).not.toContain("\u001b[2J");
  });
});
