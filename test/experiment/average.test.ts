import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, expect, test } from "vitest";
import { openExperiment, openRun, type Preset } from "../../src/experiment/index.js";
import { dispose, readTensors } from "../../src/torch/index.js";
import { cli, tiny } from "../cli/cli.js";
import { makeDomains } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";

const root = mkdtempSync(join(tmpdir(), "cfcontra-average-"));
const out = join(root, "run");
const listener = { note: () => {}, progress: () => {} };
const NAME = "layer6.conv2d_list.0.weight";

beforeAll(async () => {
  await makeDomains(root);
  const train = { ...tiny(root).train, rate: 0.05, ema: 0.75 };
  const preset = tiny(root, { method: "source-only", train }) as unknown as Preset;
  for await (const _ of openExperiment(preset, { listener }).train({ out })) {
    // to its end
  }
});
afterAll(() => rmSync(root, { recursive: true, force: true }));

const open = (...set: string[]) => openRun(out, { listener, set });
const weights = (run: ReturnType<typeof openRun>) =>
  run.network.parameters.all.get(NAME)?.numbers();
const tensor = (file: string, name: string) => {
  const { tensors } = readTensors(file);
  const found = tensors.get(name)?.numbers();
  dispose(tensors);
  return found;
};
const checkpoint = join(out, "checkpoints", "step-0000003.safetensors");

test("a run's scores are those of its average, and labelled so; opening the run gives the same", async () => {
  const result = JSON.parse(readFileSync(join(out, "result.json"), "utf8"));
  expect(result.ema).toBe(0.75);
  const run = open();
  expect([run.ema, run.info.average]).toEqual([0.75, { decay: 0.75, prefix: "ema." }]);
  expect(weights(run)).toEqual(tensor(checkpoint, `method/ema.${NAME}`));
  const { camvid } = await run.evaluate();
  expect(camvid?.scores.accuracy).toBe(result.scores.camvid.accuracy);
  expect(camvid?.scores.miou).toBe(result.scores.camvid.miou);
  expect(Buffer.from(run.exportOnnx()).includes("running average")).toBe(true);
  run.dispose();
  const { out: text } = await cli("evaluate", out);
  expect(text).toMatch(/running average.*0\.75.*train\.ema=null/);
});

test("train.ema=null chooses the network itself", async () => {
  const run = open("train.ema=null");
  expect(run.ema).toBeUndefined();
  expect(weights(run)).toEqual(tensor(checkpoint, `network/${NAME}`));
  expect(weights(run)).not.toEqual(tensor(checkpoint, `method/ema.${NAME}`));
  run.dispose();
});

test("a decay other than the run's is an error", async () => {
  await userError(() => open("train.ema=0.5"), "conflicting-options", "0.75", "train.ema", out);
});

test("`weights convert` writes the average; training that starts from the run loads the network", async () => {
  const converted = join(root, "converted.safetensors");
  expect((await cli("weights", "convert", out, converted)).code).toBe(0);
  expect(tensor(converted, NAME)).toEqual(tensor(checkpoint, `method/ema.${NAME}`));
  const next = join(root, "next");
  const train = { ...tiny(root).train, steps: 1, rate: 1e-30 };
  const network = { ...tiny(root).network, weights: out };
  const preset = tiny(root, { method: "source-only", network, train }) as unknown as Preset;
  for await (const _ of openExperiment(preset, { listener }).train({ out: next })) {
    // to its end
  }
  const after = tensor(join(next, "checkpoints", "step-0000001.safetensors"), `network/${NAME}`);
  expect(after).toEqual(tensor(checkpoint, `network/${NAME}`));
});
