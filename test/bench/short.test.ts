import { execFileSync, spawnSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { inTemporaryFolder } from "../datasets/fixtures.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const torch = spawnSync("/usr/bin/python3", ["-c", "import torch"]).status === 0;

test.skipIf(!torch)(
  "the benchmark measures both sides (skipped without python3-torch)",
  async () => {
    await inTemporaryFolder(async (folder) => {
      const script = join(root, "bench", "run.js");
      const python = ["--python", "/usr/bin/python3"];
      execFileSync(process.execPath, [script, "--short", "--out", folder, ...python], {
        stdio: "pipe",
      });
      const { step } = JSON.parse(readFileSync(join(folder, "results.json"), "utf8"));
      for (const precision of ["float32", "bfloat16"]) {
        const { seconds, pytorchSeconds, speedup, memoryRatio } = step[precision];
        expect(speedup).toBeCloseTo(pytorchSeconds / seconds, 6);
        expect(memoryRatio).toBeGreaterThan(0);
      }
      expect(readFileSync(join(folder, "results.svg"), "utf8")).toMatch(/^<svg/);
    });
  },
  300_000,
);
