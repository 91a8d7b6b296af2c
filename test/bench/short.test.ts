import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { PYTHON, pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const possible = skipUnless(pythonHas("torch"), "pytorch");

test("the benchmark measures both sides", possible, async () => {
  await inTemporaryFolder(async (folder) => {
    const script = join(root, "bench", "run.js");
    const python = ["--python", PYTHON];
    execFileSync(process.execPath, [script, "--short", "--out", folder, ...python], {
      stdio: "pipe",
    });
    const { step } = JSON.parse(readFileSync(join(folder, "results.json"), "utf8"));
    for (const precision of ["float32", "bfloat16"]) {
      const { seconds, pytorchSeconds, peakMiB, pytorchPeakMiB } = step[precision];
      expect(Math.min(seconds, pytorchSeconds, peakMiB, pytorchPeakMiB)).toBeGreaterThan(0);
    }
    expect(readFileSync(join(folder, "results.svg"), "utf8")).toMatch(/^<svg/);
  });
});
