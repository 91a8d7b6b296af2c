import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { cli, preset, tiny } from "./cli.js";

const read = (...path: string[]) => readFileSync(join(...path), "utf8");

/** A complete run of three steps, and what resuming it says. */
async function resumed(...args: string[]) {
  return inTemporaryFolder(async (root) => {
    await makeDomains(root);
    const path = await preset(root, tiny(root, { method: "source-only" }));
    const run = join(root, "run");
    expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
    const before = read(run, "config.yaml");
    const outcome = await cli("train", "--resume", run, ...args);
    return {
      ...outcome,
      unchanged: read(run, "config.yaml") === before,
      state: JSON.parse(read(run, "status.json")).state,
      steps: JSON.parse(read(run, "result.json")).steps,
      locked: existsSync(join(run, "run.lock")),
    };
  });
}

test("a complete run gets more steps, and the schedule is explained", async () => {
  const { code, err, steps, state } = await resumed("--steps", "5");
  expect([code, steps, state]).toEqual([0, 5, "complete"]);
  expect(err).toMatch(/learning rate now decays to 0 at step 5, not 3; train\.schedule=3 keeps/);
});

test("a schedule of its own is not explained", async () => {
  const { code, err } = await resumed("--steps", "5", "--set", "train.schedule=3");
  expect(code).toBe(0);
  expect(err).not.toMatch(/learning rate/);
});

test("fewer steps than it has done are refused, and the run stays complete", async () => {
  const { code, err, unchanged, state, locked } = await resumed("--steps", "2");
  expect(code).toBe(1);
  expect(err).toMatch(/run has done 3 steps, more than train\.steps, 2/);
  expect([unchanged, state, locked]).toEqual([true, "complete", false]);
});

test("a change that the checkpoint does not fit leaves the configuration as it was", async () => {
  const { code, unchanged, state } = await resumed("--set", "network.width=0.25");
  expect([code, unchanged, state]).toEqual([1, true, "complete"]);
});

test.each([
  ["--seed", "4"],
  ["--method", "minent"],
  ["--preset", "streets"],
  ["--out", "x"],
])("%s beside --resume is refused", async (...option) => {
  const { code, err, unchanged } = await resumed(...option);
  expect([code, unchanged]).toEqual([1, true]);
  expect(err).toContain(`leave out ${option[0]}`);
});
