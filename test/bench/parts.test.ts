import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const possible = skipUnless(pythonHas("torch"), "pytorch");

/** Runs a benchmark and returns the content of `name`.json. */
const results = (name: string, ...args: string[]) =>
  inTemporaryFolder(async (folder) => {
    const script = join(root, "bench", "main.js");
    execFileSync(process.execPath, [script, name, ...args, "--out", folder], { stdio: "pipe" });
    return JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
  });

test("the benchmark of the contrastive part fits the cost by the number of pixels", async () => {
  const { rows, step } = await results("contrast", "--short");
  expect(rows.map(({ pixels }: { pixels: number }) => pixels)).toEqual([32, 128, 512]);
  expect(step.float32.share).toBeGreaterThan(0);
});

test("the benchmark of the coarse stage measures both sides", possible, async () => {
  const size = ["--width", "64", "--height", "32", "--images", "1", "--rounds", "1"];
  const { rows, against } = await results("style", ...size);
  const ours = ["cfcontra bfloat16", "cfcontra float32"];
  expect(Object.keys(rows)).toEqual([...ours, "PyTorch float32"]);
  for (const name of ours) {
    const { speedup, cpuSpeedup, memoryRatio } = against[name];
    expect(Math.min(speedup, cpuSpeedup, memoryRatio)).toBeGreaterThan(0);
  }
});
