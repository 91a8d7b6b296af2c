import { spawnSync } from "node:child_process";
import { statSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import {
  arange,
  dispose,
  readTensors,
  scope,
  type TensorMap,
  writeTensors,
} from "../../src/torch/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

const ENGINE = fileURLToPath(new URL("../../dist/torch/index.js", import.meta.url));
const MEBI = 2 ** 20;

/** Writes 100 tensors of 2 MiB in a process of its own. Returns by how many bytes its memory grew. */
function growth(path: string): number {
  const program = `
    import { randn, writeTensors } from ${JSON.stringify(ENGINE)};
    const tensors = new Map(Array.from({ length: 100 }, (_, i) => [String(i), randn([2 ** 19])]));
    const before = process.resourceUsage().maxRSS;
    writeTensors(${JSON.stringify(path)}, tensors);
    console.log(1024 * (process.resourceUsage().maxRSS - before));`;
  const options = { input: program, encoding: "utf8" } as const;
  const { stdout, stderr } = spawnSync(process.execPath, ["--input-type=module"], options);
  expect(stderr).toBe("");
  return Number(stdout);
}

test.each(["a.safetensors", "a.pth"])(
  "%s of 200 MiB takes less than a third of it",
  async (name) => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, name);
      expect(growth(path)).toBeLessThan(66 * MEBI);
      expect(statSync(path).size).toBeGreaterThan(200 * MEBI);
    });
  },
);

test.each(["a.safetensors", "a.pth"])(
  "%s of tensors longer than the buffer, of any layout",
  async (name) => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, name);
      const long = 5 * MEBI; // 40 MiB as int64
      const tensors: TensorMap = new Map([
        ["long", arange(long)],
        ["half", scope(() => arange(100).to({ dtype: "bfloat16" }))],
        ["transposed", scope(() => arange(6).reshape(2, 3).transpose(0, 1))],
        ["scalar", scope(() => arange(6).select(0, 5))],
        ["none", arange(0)],
        ["truths", scope(() => arange(3).isFinite())],
      ]);
      writeTensors(path, tensors);
      const { tensors: read } = readTensors(path);
      expect([...read.keys()]).toEqual([...tensors.keys()]);
      for (const [key, written] of tensors) {
        const found = read.get(key);
        expect([key, found?.shape, found?.dtype]).toEqual([key, written.shape, written.dtype]);
        expect(Buffer.compare(found?.bytes() ?? Buffer.alloc(0), written.bytes())).toBe(0);
      }
      dispose([read, tensors]);
    });
  },
);
