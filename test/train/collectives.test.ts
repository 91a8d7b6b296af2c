import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ImageLine } from "../../src/report/image-ranking.js";
import { dispose, readSafetensors } from "../../src/torch/index.js";
import { native } from "../../src/torch/native.js";
import { readJsonLines } from "../../src/train/index.js";
import { preset, tiny, trainCommand } from "../cli/cli.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { start } from "../torch/ranks.js";
import { accumulated, plainCfcontra } from "./accumulation.js";

/** Tensors of a run's checkpoint, without those that differ between ranks. */
function learntBy(run: string, step: number): Map<string, number[]> {
  const file = join(run, "checkpoints", `step-${String(step).padStart(7, "0")}.safetensors`);
  const { tensors } = readSafetensors(file);
  const numbers = [...tensors].map(([name, tensor]) => [name, tensor.numbers()] as const);
  dispose(tensors);
  return new Map(numbers.filter(([name]) => !/running_|^random$/.test(name)));
}

/** The greatest difference, relative to the tensor's greatest element. */
function difference(a: readonly number[], b: readonly number[]): number {
  const size = Math.max(...b.map(Math.abs), 1e-12);
  return Math.max(...a.map((value, i) => Math.abs(value - (b[i] as number)))) / size;
}

describe("training together", skipUnless(native.openStore !== undefined, "gloo"), () => {
  test.each([
    ["minent", {}, {}],
    ["cfcontra", { cfcontra: plainCfcontra }, {}],
    // A step of Adam is as long as its rate, whatever the gradient.
    ["minent", {}, { optimizer: "adamw", rate: 0.001, clip: 0.5 }],
  ])(
    "%s %j %j: two ranks of batch 1 learn the same as one that accumulates over both samples",
    async (method, options, own) => {
      await inTemporaryFolder(async (root) => {
        await makeDomains(root, 4, 3);
        const train = { ...tiny(root).train, steps: 4, rate: 0.01, ...own };
        const config = tiny(root, { method, options, train });
        const run = join(root, "run");
        const path = await preset(root, config);
        const { code, err } = await start(
          trainCommand("--preset", path, "--out", run, "--processes", "2"),
        ).ended;
        expect(err).not.toMatch(/error/);
        expect(code).toBe(0);
        const batches = { ...config, train: { ...train, batch: 2 } };
        const alone = await accumulated(batches, root);
        const learnt = learntBy(run, 4);
        expect(learnt.size).toBeGreaterThan(80);
        for (const [name, numbers] of learnt) {
          const same = alone.get(name) as number[];
          expect([name, difference(numbers, same) < 1e-4]).toEqual([name, true]);
        }
        expect(JSON.parse(readFileSync(join(run, "result.json"), "utf8")).steps).toBe(4);
        // Each rank has measured its share of the images.
        const images = readJsonLines<ImageLine>(join(run, "images.jsonl"));
        expect(new Set(images.map((line) => line.name)).size).toBe(3);
        for (const { iou, entropy } of images) {
          expect(iou).toContain(null);
          expect(entropy).toBeGreaterThan(0);
        }
      });
    },
  );
});
