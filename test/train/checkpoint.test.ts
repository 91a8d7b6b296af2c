import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { UserError } from "../../src/errors.js";
import { dispose, scope, writeSafetensors, zeros } from "../../src/torch/index.js";
import {
  checkpoints,
  latestCheckpoint,
  readCheckpoint,
  resume,
  saveInto,
} from "../../src/train/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { everything, type TinySetup, tinyClasses, trainTiny, using } from "./tiny.js";

const info = (step: number) => ({
  ...{ step, method: "cfcontra", classes: tinyClasses.names },
  network: { backbone: "resnet18" },
});

/** Saves a fresh cfcontra run of two steps below `folder` and returns the file. */
function saved(folder: string, setup: TinySetup = {}): Promise<string> {
  return using(setup, async (run) => {
    await trainTiny(run, { steps: 2 });
    return saveInto(folder, info(2), run.network, run.method);
  });
}

/** What resuming `path` into a run of this kind says. */
function refusal(path: string, setup: TinySetup = {}): Promise<string> {
  return using(setup, async (run) => {
    const before = everything(run);
    try {
      resume(path, run.network, run.method);
    } catch (error) {
      expect(error).toBeInstanceOf(UserError);
      expect(everything(run)).toEqual(before);
      return (error as Error).message;
    }
    throw new Error("it was taken");
  });
}

describe("a checkpoint", () => {
  test("holds all that a run has learnt, and says what it is of", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = await saved(folder);
      const checkpoint = readCheckpoint(path);
      expect(checkpoint.info).toEqual(info(2));
      const names = [...checkpoint.tensors.keys()];
      dispose(checkpoint.tensors);
      expect(names).toContain("network/layer4.1.bn2.running_var");
      expect(names).toContain("method/layer6.conv2d_list.3.bias");
      expect(names).toContain("method/bank.target");
      await using({}, async (run) => {
        await trainTiny(run, { steps: 2 });
        const learnt = everything(run);
        await trainTiny(run, { steps: 3, start: 2 });
        expect(everything(run)).not.toEqual(learnt);
        expect(resume(path, run.network, run.method).step).toBe(2);
        expect(everything(run)).toEqual(learnt);
      });
    });
  });

  test("brings the random generator back", async () => {
    await inTemporaryFolder(async (folder) => {
      await using({ method: "source-only" }, async ({ network, method }) => {
        const draw = () => scope(() => zeros([4]).normalInPlace().numbers());
        const path = saveInto(folder, info(1), network, method);
        const next = draw();
        expect(draw()).not.toEqual(next);
        resume(path, network, method);
        expect(draw()).toEqual(next);
      });
    });
  });

  test("the two newest stay, and half-written files do not count", async () => {
    await inTemporaryFolder(async (folder) => {
      await using({ method: "source-only" }, async ({ network, method }) => {
        for (const step of [9, 10, 100]) saveInto(folder, info(step), network, method);
      });
      writeFileSync(join(folder, "checkpoints", "step-0000200.safetensors.77.part"), "half");
      expect(readdirSync(join(folder, "checkpoints")).sort()).toEqual([
        "step-0000010.safetensors",
        "step-0000100.safetensors",
        "step-0000200.safetensors.77.part",
      ]);
      expect(checkpoints(folder)).toHaveLength(2);
      expect(latestCheckpoint(folder)).toMatch(/step-0000100\.safetensors$/);
      const file = join(folder, "checkpoints", "step-0000010.safetensors");
      expect(latestCheckpoint(file)).toBe(file);
    });
  });

  test("that cannot be written is a sentence", async () => {
    await inTemporaryFolder(async (folder) => {
      await writeFile(join(folder, "checkpoints"), "in the way");
      await expect(saved(folder)).rejects.toThrow(UserError);
      await expect(saved(folder)).rejects.toThrow(
        /cannot write .*checkpoints\S*: .*\((ENOTDIR|EEXIST)\)/,
      );
    });
  });
});

describe("refused, in a sentence, with the run as it was:", () => {
  const cases: [string, TinySetup, TinySetup, RegExp][] = [
    ["another width", {}, { width: 0.25 }, /another network: its conv1\.weight is \[8,3,7,7\]/],
    ["other classes", {}, { classes: 4 }, /layer5\S+ is \[3,\S+\], .* number of classes/],
    ["a head it has not", { head: "linear" }, {}, /has no head\.2\.weight: .*network or head/],
    [
      "a head of which it has more",
      {},
      { head: "linear" },
      /has head\.2\.weight, which this run has not/,
    ],
    [
      "another feature space for its banks",
      {},
      { head: "none" },
      /has head\.0\.weight, which this run/,
    ],
    ["a method with banks", { method: "minent" }, {}, /has no bank\.source: .*another method/],
    ["one without", {}, { method: "minent" }, /has bank\.source, which this run .*another method/],
  ];
  test.each(cases)("%s", async (_, from, into, message) => {
    await inTemporaryFolder(async (folder) => {
      expect(await refusal(await saved(folder, from), into)).toMatch(message);
    });
  });

  test("a truncated file, wherever it ends", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = await saved(folder);
      const { length } = readFileSync(path);
      for (const kept of [length - 1, Math.floor(length / 2), 1000, 8, 3, 0]) {
        truncateSync(path, kept);
        const message = await refusal(path);
        expect(message).toContain(path);
        expect(message).toMatch(/is no readable safetensors file: .*use another copy/);
      }
    });
  });

  test("one flipped bit anywhere, naming the checkpoint before it", async () => {
    await inTemporaryFolder(async (folder) => {
      const previous = await saved(folder);
      const path = previous.replace("0002", "0004");
      const whole = readFileSync(previous);
      const places = [3, 40, 100, 700, whole.length / 2, whole.length - 1].map(Math.floor);
      // The key of the checksum, too: a checkpoint must have one.
      for (const at of [...places, whole.indexOf("sha256") + 1]) {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] as number) ^ 4;
        writeFileSync(path, bytes);
        const message = await refusal(path);
        expect(message).toContain(path);
        expect(message).toContain(`the checkpoint before it, ${previous}`);
      }
    });
  });

  test("a file that is not ours, and one that is not there", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "other.safetensors");
      scope(() => writeSafetensors(path, new Map([["conv1.weight", zeros([2])]])));
      expect(await refusal(path)).toMatch(/other\.safetensors holds tensors, but is no checkpoint/);
      writeFileSync(path, "PK\u0003\u0004 an archive, or anything of some length");
      expect(await refusal(path)).toMatch(/is no readable safetensors file/);
      expect(await refusal(join(folder, "none.safetensors"))).toMatch(/cannot open .*ENOENT/);
      expect(() => latestCheckpoint(folder)).toThrow(/has no checkpoint: expected a run folder/);
    });
  });
});
