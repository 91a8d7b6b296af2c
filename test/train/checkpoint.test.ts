import { readdirSync, readFileSync, truncateSync, writeFileSync } from "node:fs";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../../src/errors.js";
import { dispose, scope, writeSafetensors, zeros } from "../../src/torch/index.js";
import {
  checkpoints,
  latestCheckpoint,
  readCheckpoint,
  resume,
  saveInto,
} from "../../src/train/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";
import { everything, type TinySetup, tinyClasses, trainTiny, using } from "./tiny.js";

const info = (step: number) => ({
  ...{ step, method: "cfcontra", classes: tinyClasses.names },
  network: { backbone: "resnet18" },
});

/** Trains two steps of cfcontra, saves a checkpoint in `folder` and returns its path. */
function saved(folder: string, setup: TinySetup = {}): Promise<string> {
  return using(setup, async (run) => {
    await trainTiny(run, { steps: 2 });
    return saveInto(folder, info(2), run.network, run.method);
  });
}

/** Expects `path` to be refused by a run of this kind, which stays unchanged. */
async function expectRefused(
  path: string,
  setup: TinySetup,
  code: ErrorCode,
  ...names: readonly string[]
): Promise<void> {
  await using(setup, async (run) => {
    const before = everything(run);
    await userError(() => resume(path, run.network, run.method), code, path, ...names);
    expect(everything(run)).toEqual(before);
  });
}

describe("a checkpoint", () => {
  test("contains the learnt state of a run, and its metadata", async () => {
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

  test("restores the random generator", async () => {
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

  test("the two newest stay, and incomplete files do not count", async () => {
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

  test("that cannot be written is an error", async () => {
    await inTemporaryFolder(async (folder) => {
      await writeFile(join(folder, "checkpoints"), "in the way");
      const error = await userError(saved(folder), "not-writable", join(folder, "checkpoints"));
      expect(error.message).toMatch(/\((ENOTDIR|EEXIST)\)/);
    });
  });
});

describe("refused, and the run stays unchanged:", () => {
  const cases: [string, TinySetup, TinySetup, string[]][] = [
    ["another width", {}, { width: 0.25 }, ["conv1.weight is [8,3,7,7]", "[16,3,7,7]", "width"]],
    [
      "another decoder",
      {},
      { decoder: "deeplab-v3plus" },
      ["DeepLab-v2 ResNet-18", "set network.decoder=deeplab-v2"],
    ],
    ["other classes", {}, { classes: 4 }, ["layer5.conv2d_list.0.weight is [3,", "classes"]],
    ["a larger head", { head: "linear" }, {}, ["does not contain head.2.weight", "head"]],
    ["a smaller head", {}, { head: "linear" }, ["contains head.2.weight", "head"]],
    ["no head", {}, { head: "none" }, ["contains head.0.weight", "head"]],
    ["a method with banks", { method: "minent" }, {}, ["not contain bank.source", "method"]],
    ["one without", {}, { method: "minent" }, ["contains bank.source", "method"]],
  ];
  test.each(cases)("%s", async (_, from, into, names) => {
    await inTemporaryFolder(async (folder) => {
      await expectRefused(await saved(folder, from), into, "checkpoint-mismatch", ...names);
    });
  });

  test("a truncated file, of any length", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = await saved(folder);
      const { length } = readFileSync(path);
      for (const kept of [length - 1, Math.floor(length / 2), 1000, 8, 3, 0]) {
        truncateSync(path, kept);
        await expectRefused(path, {}, "damaged-file", "safetensors");
      }
    });
  });

  test("one flipped bit anywhere, with the previous checkpoint in the message", async () => {
    await inTemporaryFolder(async (folder) => {
      const previous = await saved(folder);
      const path = previous.replace("0002", "0004");
      const whole = readFileSync(previous);
      const places = [3, 40, 100, 700, whole.length / 2, whole.length - 1].map(Math.floor);
      // The key of the checksum, too: a checkpoint must have a checksum.
      for (const at of [...places, whole.indexOf("sha256") + 1]) {
        const bytes = Buffer.from(whole);
        bytes[at] = (bytes[at] as number) ^ 4;
        writeFileSync(path, bytes);
        await expectRefused(path, {}, "damaged-file", previous, "--resume");
      }
    });
  });

  test("a file of another program, and a missing one", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "other.safetensors");
      scope(() => writeSafetensors(path, new Map([["conv1.weight", zeros([2])]])));
      await expectRefused(path, {}, "unsupported-file", "checkpoint");
      writeFileSync(path, "PK\u0003\u0004 an archive, or anything of some length");
      await expectRefused(path, {}, "damaged-file", "safetensors");
      await expectRefused(join(folder, "none.safetensors"), {}, "not-found", "none");
      await userError(() => latestCheckpoint(folder), "not-a-run", join(folder, "config.yaml"));
      writeFileSync(join(folder, "config.yaml"), "");
      const names = [folder, "checkpoints/step-*.safetensors"];
      await userError(() => latestCheckpoint(folder), "no-checkpoint", ...names);
    });
  });
});
