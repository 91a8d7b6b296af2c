import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { hasCuda } from "../../src/torch/index.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
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

test.each([
  ["network.weights=x.pth", "keeps the weights"],
  ["pretrain.steps=5", "keeps the weights"],
  ["network.init=he", "keeps the weights"],
  ["network={ weights: x.pth }", "keeps the weights"],
  ["style.method=color", "keeps the weights and the coarse stage"],
  ["train.betas=[0.9, 0.99]", "only with adamw"],
])("--set %s with --resume is refused: it %s", async (set, why) => {
  const { unchanged, ...outcome } = await resumed("--set", set);
  expectError(outcome, "conflicting-options", set, why);
  expect(unchanged).toBe(true);
});

test("a run of a GPU opens and resumes without one", skipUnless(!hasCuda(), "noCuda"), async () => {
  await inTemporaryFolder(async (root) => {
    await makeDomains(root);
    const path = await preset(root, tiny(root, { method: "source-only" }));
    const run = join(root, "run");
    expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
    const config = read(run, "config.yaml");
    expect(config).toMatch(/^ {2}device: auto$/m);
    expect(JSON.parse(read(run, "environment.json")).device).toBe("cpu");
    writeFileSync(join(run, "config.yaml"), config.replace("device: auto", "device: cuda:1"));
    const environment = read(run, "environment.json").replace('"cpu"', '"cuda:1"');
    writeFileSync(join(run, "environment.json"), environment);

    const measured = await cli("evaluate", run, "--json");
    expect(measured.code, measured.err).toBe(0);
    expect((await cli("export", run, "--out", join(root, "model.onnx"))).code).toBe(0);
    const asked = await cli("evaluate", run, "--set", "train.device=cuda");
    expectError(asked, "no-device", "train.device", "cuda");

    const { code, err } = await cli("train", "--resume", run, "--steps", "4");
    expect(code, err).toBe(0);
    expect(err).toContain("The run was on cuda:1 and continues on cpu");
    expect(JSON.parse(read(run, "environment.json")).device).toBe("cpu");
  });
});
