import { createHash } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { workerCount } from "../../src/experiment/workers.js";
import { checkpoints, latestCheckpoint } from "../../src/train/index.js";
import { preset, tiny, trainCommand } from "../cli/cli.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { start } from "../torch/ranks.js";

describe("the number of workers", () => {
  test.each([
    ["none on the CPU", { device: "cpu" }, 0],
    ["as set", { device: "cpu", workers: 3 }, 3],
    ["none if set", { device: "cuda:0", workers: 0 }, 0],
    ["half of the cores next to a GPU", { device: "cuda:0" }, 6],
  ])("%s", (_, train, expected) => {
    expect(workerCount(train, 12, 1)).toBe(expected);
  });

  test("is shared by the processes of a host, and at most 8", () => {
    expect(workerCount({ device: "cuda:0" }, 12, 2)).toBe(3);
    expect(workerCount({ device: "cuda:3" }, 2, 4)).toBe(1);
    expect(workerCount({ device: "cuda:0" }, 64, 1)).toBe(8);
  });
});

test("a run with workers ends by itself, and in the same bits, also after Ctrl-C", async () => {
  await inTemporaryFolder(async (root) => {
    await makeDomains(root);
    const augment = { flip: true, crop: 0.5, jitter: 0.3 };
    const file = await preset(root, tiny(root, { augment, method: "minent" }));
    const set = (workers: number) => ["--set", `train.workers=${workers}`];
    const steps = ["--set", "train.steps=40", "--set", "train.checkpointEvery=4"];
    const run = (name: string, workers: number) =>
      start(trainCommand("--preset", file, "--out", join(root, name), ...set(workers), ...steps));
    const digest = (name: string) =>
      createHash("sha256")
        .update(readFileSync(latestCheckpoint(join(root, name))))
        .digest("hex");
    expect(await run("without", 0).ended).toMatchObject({ code: 0 });
    const { child, ended } = run("with", 2);
    while (checkpoints(join(root, "with")).length === 0 && child.exitCode === null) {
      await setTimeout(20);
    }
    child.kill("SIGINT");
    expect(await ended).toMatchObject({ code: 130 });
    expect(existsSync(join(root, "with", "result.json"))).toBe(false);
    const { code, err } = await start(trainCommand("--resume", join(root, "with"), ...set(1)))
      .ended;
    expect([code, err]).toEqual([0, expect.not.stringMatching(/train\.workers failed/)]);
    expect(digest("with")).toBe(digest("without"));
  });
});
