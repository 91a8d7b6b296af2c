import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import {
  arange,
  dispose,
  liveMemory,
  readSafetensors,
  writeSafetensors,
} from "../../src/torch/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

test("safetensors whose tensors share bytes are refused, and leave nothing behind", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const tensors = new Map([
      ["a", arange(4)],
      ["b", arange(4)],
    ]);
    writeSafetensors(path, tensors);
    const whole = readFileSync(path);
    const shared = whole.toString("latin1").replace("[32,64]", "[0,32] ");
    // Of the bytes that the second had, nothing is left: both cannot be what was written.
    writeFileSync(path, Buffer.from(shared, "latin1").subarray(0, -32));
    const before = liveMemory().tensors;
    expect(() => readSafetensors(path)).toThrow(/tensors overlap/);
    expect(liveMemory().tensors).toBe(before);
    dispose(tensors);
  });
});

test("no tensor may take the metadata's place", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const tensors = new Map([["__metadata__", arange(4)]]);
    expect(() => writeSafetensors(path, tensors)).toThrow(/no tensor may be called __metadata__/);
    dispose(tensors);
  });
});
