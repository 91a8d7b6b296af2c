import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

const read = (...path: string[]) => readFileSync(join(...path), "utf8");

/** A complete run of three steps, and the outcome of resuming it. */
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

test("a complete run continues with more steps, and a note explains the schedule", async () => {
  const { code, err, steps, state } = await resumed("--steps", "5");
  expect([code, steps, state]).toEqual([0, 5, "complete"]);
  expect(err).toMatch(/learning rate now decays to 0 at step 5, not 3; train\.schedule=3 keeps/);
});

test("an explicit schedule needs no note", async () => {
  const { code, err } = await resumed("--steps", "5", "--set", "train.schedule=3");
  expect(code).toBe(0);
  expect(err).not.toMatch(/learning rate/);
});

test("fewer steps than the run has done are refused, and the run stays complete", async () => {
  const { unchanged, state, locked, ...outcome } = await resumed("--steps", "2");
  expectError(outcome, "conflicting-options", "run has done 3 steps", "train.steps, 2");
  expect([unchanged, state, locked]).toEqual([true, "complete", false]);
});

test("a change that does not fit the checkpoint leaves the configuration unchanged", async () => {
  const { unchanged, state, ...outcome } = await resumed("--set", "network.width=0.25");
  expectError(outcome, "checkpoint-mismatch", "step-0000003.safetensors", "width");
  expect([unchanged, state]).toEqual([true, "complete"]);
});

test.each([
  ["--seed", "4"],
  ["--method", "minent"],
  ["--preset", "streets"],
  ["--out", "x"],
])("%s with --resume is refused", async (...option) => {
  const { unchanged, ...outcome } = await resumed(...option);
  expectError(outcome, "conflicting-options", "--resume", `leave out ${option[0]}`);
  expect(unchanged).toBe(true);
});
