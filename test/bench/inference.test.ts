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

test("the benchmark of inference measures all five contestants", possible, async () => {
  await inTemporaryFolder(async (folder) => {
    const args = [join(root, "bench", "main.js"), "inference", "--short", "--out", folder];
    args.push("--python", PYTHON);
    execFileSync(process.execPath, args, { stdio: "pipe" });
    const { rows, speedup } = JSON.parse(readFileSync(join(folder, "inference.json"), "utf8"));
    expect(rows.map(({ name }: { name: string }) => name.replace(/ [\d.]+\S*$/, ""))).toEqual([
      ...["cfcontra float32", "cfcontra bfloat16", "ONNX Runtime float32"],
      ...["PyTorch float32", "PyTorch bfloat16"],
    ]);
    for (const row of rows) expect(Math.min(row.seconds, row.processorSeconds)).toBeGreaterThan(0);
    for (const key of ["float32", "bfloat16"]) expect(speedup[key]).toBeGreaterThan(0);
  });
});
