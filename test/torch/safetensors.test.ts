import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { UserError } from "../../src/errors.js";
import {
  arange,
  dispose,
  liveMemory,
  readSafetensors,
  writeSafetensors,
} from "../../src/torch/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";

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
    // Removes the second tensor's bytes, so that both refer to the first's.
    writeFileSync(path, Buffer.from(shared, "latin1").subarray(0, -32));
    const before = liveMemory().tensors;
    await userError(() => readSafetensors(path), "damaged-file", path, "overlap");
    expect(liveMemory().tensors).toBe(before);
    dispose(tensors);
  });
});

test("a tensor may not have the name of the metadata", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const tensors = new Map([["__metadata__", arange(4)]]);
    await userError(() => writeSafetensors(path, tensors), "invalid-value", path, "__metadata__");
    dispose(tensors);
  });
});

test("the checksum detects any flipped bit, a missing byte and an added byte", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const tensors = new Map([
      ["7", arange(3)], // JSON tables have integer keys first
      ["b", arange(2).to({ dtype: "bfloat16" })],
      ["a", arange(2)],
    ]);
    writeSafetensors(path, tensors, { step: "12" });
    dispose(tensors);
    const whole = readFileSync(path);
    const read = () => {
      const { tensors, metadata } = readSafetensors(path);
      const values = [...tensors].map(([name, tensor]) => [name, tensor.numbers()] as const);
      dispose(tensors);
      return { values: Object.fromEntries(values), step: metadata.step, sha: metadata.sha256 };
    };
    const { values, step } = read();
    expect({ values, step }).toEqual({
      values: { 7: [0, 1, 2], b: [0, 1], a: [0, 1] },
      step: "12",
    });
    const { tensors: before } = liveMemory();
    let unseen = 0;
    for (let bit = 0; bit < whole.length * 8; bit++) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] = (bytes[bit >> 3] as number) ^ (1 << (bit & 7));
      writeFileSync(path, bytes);
      try {
        // A flipped bit in the checksum's name gives a file without a checksum, but with the same tensors.
        expect(read()).toEqual({ values, step, sha: undefined });
        unseen++;
      } catch (error) {
        expect(error).toBeInstanceOf(UserError);
      }
    }
    expect(unseen).toBeLessThanOrEqual("sha256".length * 8);
    for (const bytes of [whole.subarray(0, -1), Buffer.concat([whole, Buffer.alloc(1)])]) {
      writeFileSync(path, bytes);
      await userError(read, "damaged-file", path);
    }
    expect(liveMemory().tensors).toBe(before);
  });
});

test("files of other programs, without a checksum, are read", async () => {
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "a.safetensors");
    const header = JSON.stringify({ x: { dtype: "F32", shape: [1], data_offsets: [0, 4] } });
    const length = Buffer.alloc(8);
    length.writeBigUInt64LE(BigInt(header.length));
    writeFileSync(path, Buffer.concat([length, Buffer.from(header), Buffer.from([0, 0, 128, 63])]));
    const { tensors } = readSafetensors(path);
    expect(tensors.get("x")?.numbers()).toEqual([1]);
    dispose(tensors);
  });
});
