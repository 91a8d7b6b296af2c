import { spawnSync } from "node:child_process";
import { closeSync, openSync, readFileSync, rmSync, writeSync } from "node:fs";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { describe, expect, test } from "vitest";
import { dispose } from "../../src/torch/index.js";
import {
  checkpoints,
  openRunFolder,
  openStatus,
  readCheckpoint,
  readJsonLines,
} from "../../src/train/index.js";
import { BIN, preset, tiny } from "../cli/cli.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { start } from "../torch/ranks.js";
import { userError } from "../user-error.js";

const command = (name: string, ...args: string[]) => spawnSync(name, args).status === 0;

/** Mounts a disk of this many MiB. @throws if that is not permitted */
async function withDisk(mebibytes: number, use: (disk: string) => Promise<void>): Promise<void> {
  await inTemporaryFolder(async (disk) => {
    const options = ["-t", "tmpfs", "-o", `size=${mebibytes}m`, "tmpfs", disk];
    if (!command("mount", ...options)) throw new Error("the disk could not be mounted");
    try {
      await use(disk);
    } finally {
      command("umount", disk);
    }
  });
}

/** Fills a disk; returns a function that frees the space again. */
function fill(disk: string): () => void {
  const path = join(disk, "filler");
  const file = openSync(path, "w");
  try {
    for (let bytes = 1 << 20; bytes >= 1; bytes >>= 1) {
      try {
        for (;;) if (writeSync(file, Buffer.alloc(bytes)) < bytes) break;
      } catch {} // full, for this much
    }
  } finally {
    closeSync(file);
  }
  return () => rmSync(path);
}

const mayMount = await (async () => {
  let mounted = false;
  await withDisk(1, async () => {
    mounted = true;
  }).catch(() => {});
  return mounted;
})();

describe("a full disk", skipUnless(mayMount, "mount"), () => {
  test("ends training with one error; the checkpoints stay, and the run resumes with free space", async () => {
    await withDisk(200, async (disk) => {
      await inTemporaryFolder(async (root) => {
        await makeDomains(root);
        const run = join(disk, "run");
        const train = { ...tiny(root).train, steps: 100000, checkpointEvery: 2 };
        const path = await preset(root, tiny(root, { method: "minent", train }));
        const training = (...args: string[]) => start([process.execPath, BIN, "train", ...args]);

        const { child, ended } = training("--preset", path, "--out", run);
        while (checkpoints(run).length < 2 && child.exitCode === null) await setTimeout(20);
        const makeRoom = fill(disk);
        const { code, err } = await ended;
        expect(code).toBe(1);
        expect(err.match(/^error: /gm)).toHaveLength(1);
        expect(err).toMatch(
          /^error: cannot write \S*run\/\S+: .*ENOSPC.*; the newest checkpoint is \S+; resume with: /m,
        );
        const kept = checkpoints(run);
        expect(kept).toHaveLength(2);
        expect(err).toContain(`the newest checkpoint is ${kept[1]}; resume with: `);
        const steps = kept.map((file) => {
          const { info, tensors } = readCheckpoint(file);
          dispose(tensors);
          return info.step;
        });

        const still = await training("--resume", run).ended;
        expect(still.code).toBe(1);
        expect(still.err).toMatch(/^error: cannot write \S*run\/.*ENOSPC/m);
        expect(checkpoints(run)).toEqual(kept);

        makeRoom();
        const last = (steps[1] as number) + 3;
        const resumed = await training("--resume", run, "--set", `train.steps=${last}`).ended;
        expect(resumed.err).not.toMatch(/error/);
        expect(resumed.code).toBe(0);
        expect(JSON.parse(readFileSync(join(run, "result.json"), "utf8")).steps).toBe(last);
      });
    });
  });

  test("an incomplete line of metrics is an error, and is removed by the next run", async () => {
    await withDisk(1, async (disk) => {
      const folder = openRunFolder(join(disk, "run"));
      const status = openStatus(folder.path, { method: "any", seed: 1, step: 0, steps: 9 });
      const text = "x".repeat(1000);
      folder.append("metrics.jsonl", { step: 0, text });
      const makeRoom = fill(disk);
      let step = 1;
      const more = () => {
        for (; step < 100; step++) folder.append("metrics.jsonl", { step, text });
      };
      for (let times = 0; times < 2; times++) {
        await userError(more, "disk-full", join(folder.path, "metrics.jsonl"), "ENOSPC");
      }
      status.end("failed", "the reason, which a full disk must not hide");
      makeRoom();
      folder.rewind("metrics.jsonl", () => true);
      folder.append("metrics.jsonl", { step, text });
      const steps = readJsonLines<{ step: number }>(join(folder.path, "metrics.jsonl"));
      expect(steps.map((entry) => entry.step)).toEqual(
        Array.from({ length: step + 1 }, (_, i) => i),
      );
    });
  });
});
