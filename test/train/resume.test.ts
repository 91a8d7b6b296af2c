import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { native } from "../../src/torch/native.js";
import { checkpoints, latestCheckpoint } from "../../src/train/index.js";
import { BIN, preset, tiny } from "../cli/cli.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { start } from "../torch/ranks.js";

const train = (...args: string[]) => start([process.execPath, BIN, "train", ...args]);

async function complete(...args: string[]): Promise<void> {
  const { code, err } = await train(...args).ended;
  expect(err).not.toMatch(/error/);
  expect(code).toBe(0);
}

/** Sends Ctrl-C after some steps; returns the number of steps done. */
async function interrupted(run: string, ...args: string[]): Promise<number> {
  const { child, ended } = train(...args, "--out", run);
  while (checkpoints(run).length === 0 && child.exitCode === null) await setTimeout(20);
  child.kill("SIGINT");
  const { code, err } = await ended;
  expect([code, err]).toEqual([
    130,
    expect.stringMatching(/stopped (after step|in the evaluation)/),
  ]);
  return JSON.parse(readFileSync(join(run, "status.json"), "utf8")).step;
}

/** Everything that a run recorded and that does not depend on the clock. */
function outcome(run: string) {
  const lines = readFileSync(join(run, "metrics.jsonl"), "utf8").trim().split("\n");
  const result = JSON.parse(readFileSync(join(run, "result.json"), "utf8"));
  return {
    checkpoint: createHash("sha256")
      .update(readFileSync(latestCheckpoint(run)))
      .digest("hex"),
    metrics: lines.map((line) => {
      const { seconds, waiting, memory, ...numbers } = JSON.parse(line);
      return numbers;
    }),
    prototypes: readFileSync(join(run, "prototypes.jsonl"), "utf8"),
    scores: result.scores,
  };
}

// Self-training has every kind of state: banks, a teacher, random draws in every rank. The settings add
// all random augmentation, labelled target images, and statistics that differ between ranks.
describe("an uninterrupted run and a resumed one end in the same bits", () => {
  const cases = [
    { ranks: 1, precision: "bfloat16" },
    { ranks: 2, precision: "float32" },
    { ranks: 2, precision: "bfloat16" },
  ];
  for (const { ranks, precision } of cases) {
    const possible = skipUnless(ranks === 1 || native.openStore !== undefined, "gloo");
    test(`${ranks} rank(s), ${precision}`, possible, async () => {
      await inTemporaryFolder(async (root) => {
        await makeDomains(root, 5, 3);
        const settings = {
          ...{ method: "self-training", sampling: { rareClasses: true } },
          options: { "self-training": { warmup: 1 } },
          augment: { flip: true, crop: 0.6, jitter: 0.3, blur: 1 },
          style: { method: "color", images: 2 },
          labelledTarget: {
            ...{ type: "cityscapes", root: join(root, "cityscapes"), split: "train", weight: 0.5 },
          },
          train: {
            // Until it is stopped: how far it gets by then decides how long both runs are.
            ...{ steps: 100_000, schedule: 100_000, batch: 1, rate: 0.001, precision },
            ...{ evaluateEvery: 6, checkpointEvery: 4 },
          },
        };
        const path = await preset(root, tiny(root, settings));
        const [whole, parts] = [join(root, "whole"), join(root, "parts")];
        const processes = ["--processes", `${ranks}`];
        const step = await interrupted(parts, "--preset", path, ...processes);
        const steps = ["--set", `train.steps=${step + 15}`];
        await complete("--resume", parts, ...steps, ...processes);
        await complete("--preset", path, "--out", whole, ...steps, ...processes);
        expect(outcome(parts)).toEqual(outcome(whole));
      });
    });
  }
});
