import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  dispose,
  readTensors,
  type Tensor,
  writeSafetensors,
  zeros,
} from "../../src/torch/index.js";
import { openRunFolder, readCheckpoint, resume, saveInto } from "../../src/train/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";
import { everything, tinyClasses, using } from "./tiny.js";

const info = {
  ...{ step: 2, method: "source-only", classes: tinyClasses.names },
  network: { backbone: "resnet18" },
  stage: { method: "none" },
};

/** Saves a checkpoint, writes it again with these changes and a fitting checksum, and resumes from it. */
async function refused(
  { metadata = {}, tensors = {} }: { metadata?: object; tensors?: Record<string, Tensor> },
  ...names: readonly string[]
): Promise<void> {
  await inTemporaryFolder((folder) =>
    using({ method: "source-only" }, async ({ network, method, ...run }) => {
      const path = saveInto(folder, info, network, method);
      const file = readTensors(path);
      const { sha256, ...written } = { ...file.metadata, ...metadata } as Record<string, string>;
      const kept = Object.entries(written).filter(([, value]) => value !== undefined);
      const changed = new Map([...file.tensors, ...Object.entries(tensors)]);
      writeSafetensors(path, changed, Object.fromEntries(kept));
      dispose(file.tensors);
      const before = everything({ network, method, ...run });
      await userError(() => resume(path, network, method), "damaged-file", path, ...names);
      expect(everything({ network, method, ...run })).toEqual(before);
    }),
  );
}

describe("a checkpoint with damaged metadata is refused:", () => {
  test.each([
    ["step", "abc"],
    ["step", "1e300"],
    ["step", "-1"],
    ["step", "1.5"],
    ["step", ""],
    ["step", undefined],
    ["method", undefined],
    ["classes", "[]"],
    ["classes", "[1]"],
    ["classes", "road"],
    ["network", "3"],
    ["network", '{"backbone":3}'],
    ["stage", '{"method":1}'],
    ["average", '{"decay":2,"prefix":"ema."}'],
    ["average", '{"decay":0.5}'],
  ])("%s %s", (key, value) => refused({ metadata: { [key]: value } }, key));
});

test.each([
  ["of another type", zeros([1, 5056])],
  ["of another length", zeros([1, 8], { dtype: "uint8" })],
  ["of no rank", zeros([0, 5056], { dtype: "uint8" })],
  ["a scalar", zeros([], { dtype: "uint8" })],
  ["of nonsense", zeros([1, 5056], { dtype: "uint8" })],
])("a random state %s is refused", async (_, random) => {
  await refused({ tensors: { random } }, "random state");
  random.dispose();
});

test("what is saved is read", async () => {
  await inTemporaryFolder((folder) =>
    using({ method: "source-only" }, async ({ network, method }) => {
      const all = { ...info, average: { decay: 0.5, prefix: "ema." } };
      const { info: found, tensors } = readCheckpoint(saveInto(folder, all, network, method));
      dispose(tensors);
      expect(found).toEqual(all);
    }),
  );
});

test("lines of metrics that are not entries are dropped when a run resumes", async () => {
  await inTemporaryFolder(async (path) => {
    const folder = openRunFolder(path);
    folder.write("metrics.jsonl", '{"step":1}\nnull\n7\n{"step":"2"}\n[]\n{"step":3}\n{"st');
    folder.rewind("metrics.jsonl", ({ step }) => step < 3);
    const { readFileSync } = await import("node:fs");
    expect(readFileSync(join(path, "metrics.jsonl"), "utf8")).toBe('{"step":1}\n');
  });
});
