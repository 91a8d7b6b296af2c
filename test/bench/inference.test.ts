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

test("the benchmark of inference measures all five", possible, async () => {
  await inTemporaryFolder(async (folder) => {
    const args = [join(root, "bench", "main.js"), "inference", "--short", "--out", folder];
    args.push("--python", PYTHON);
    execFileSync(process.execPath, args, { stdio: "pipe" });
    const { rows, speedup } = JSON.parse(readFileSync(join(folder, "inference.json"), "utf8"));
    expect(rows).toHaveLength(5);
    const [ours, , , pytorch] = rows;
    expect(speedup.float32).toBeCloseTo(pytorch.seconds / ours.seconds, 6);
  });
});
