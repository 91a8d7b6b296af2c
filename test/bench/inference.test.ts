import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { inTemporaryFolder } from "../datasets/fixtures.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const torch = spawnSync("/usr/bin/python3", ["-c", "import torch"]).status === 0;

test.skipIf(!torch)(
  "the benchmark of inference measures all five (skipped without python3-torch)",
  async () => {
    await inTemporaryFolder(async (folder) => {
      const args = [join(root, "bench", "main.js"), "inference", "--short", "--out", folder];
      args.push("--python", "/usr/bin/python3");
      execFileSync(process.execPath, args, { stdio: "pipe" });
      const { rows, speedup } = JSON.parse(readFileSync(join(folder, "inference.json"), "utf8"));
      expect(rows).toHaveLength(5);
      const [ours, , , pytorch] = rows;
      expect(speedup.float32).toBeCloseTo(pytorch.seconds / ours.seconds, 6);
    });
  },
  300_000,
);
