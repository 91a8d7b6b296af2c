import { mkdirSync, writeFileSync } from "node:fs";
import { totalmem } from "node:os";
import { dirname, join } from "node:path";
import { afterEach, describe, expect, test, vi } from "vitest";
import { createLoader } from "../../src/datasets/loader.js";
import { memoryLeft, memoryWatch } from "../../src/train/memory.js";
import { cli, expectError, preset, tiny } from "../cli/cli.js";
import { fixtureSize, inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { tinyDataset } from "./tiny.js";

test("a loss that is not finite: the error has step, loss, advice, and the command to resume", async () => {
  await inTemporaryFolder(async (root) => {
    await makeDomains(root);
    const train = { ...tiny(root).train, steps: 50, rate: 1e12 };
    const path = await preset(root, tiny(root, { method: "source-only", train }));
    const run = join(root, "run");
    const outcome = await cli("train", "--preset", path, "--out", run);
    expectError(outcome, "not-finite", "train.rate", `train --resume ${run}`);
    const error = outcome.err.split("\n").find((line) => line.startsWith("error: "));
    expect(error).toMatch(
      /^error: step \d+: .*(source\/main is (NaN|-?Infinity)|\S+ is not finite)/,
    );
    expect(error).toMatch(
      /\S+\/step-\d+\.safetensors; .*train --resume \S+ --set train\.rate=\S+$/,
    );
  });
});

describe("a slow disk", () => {
  afterEach(() => vi.useRealTimers());

  test("causes a warning with the file every 30 s, until the file is read", async () => {
    vi.useFakeTimers({ toFake: ["setInterval", "clearInterval", "performance"] });
    const warnings: string[] = [];
    const four = tinyDataset(4);
    let release = () => {};
    const gate = new Promise<void>((resolve) => {
      release = resolve;
    });
    const dataset = {
      ...four,
      name: "gta5",
      names: ["a.png", "b.png", "c.png", "d.png"],
      load: async (index: number) => {
        if (index === 2) await gate;
        return four.load(index);
      },
    };
    const warn = (sentence: string) => warnings.push(sentence);
    const order = (k: number) => k % 4;
    const loader = createLoader(dataset, { batch: 4, size: fixtureSize, seed: 1, order, warn });
    const next = loader.next();
    await vi.advanceTimersByTimeAsync(29_000);
    expect(warnings).toEqual([]);
    await vi.advanceTimersByTimeAsync(32_000);
    expect(warnings).toHaveLength(2);
    expect(warnings[1]).toMatch(/c\.png of gta5 .*60 s/);
    release();
    expect(await next).toHaveLength(4);
    await vi.advanceTimersByTimeAsync(120_000);
    expect(warnings).toHaveLength(2);
    loader.close();
  });
});

describe("memory", () => {
  const MEBI = 2 ** 20;
  const meminfo = (total: number, left: number) =>
    `MemTotal:       ${total * 1024} kB\nMemFree: 1 kB\nMemAvailable:   ${left * 1024} kB\n`;
  /** A /proc and a /sys of these files. */
  const on = (files: Record<string, string>, use: (root: string) => void) =>
    inTemporaryFolder(async (root) => {
      for (const [path, text] of Object.entries(files)) {
        mkdirSync(dirname(join(root, path)), { recursive: true });
        writeFileSync(join(root, path), text);
      }
      use(root);
    });

  test("is read on this machine", skipUnless(process.platform === "linux", "linux"), () => {
    const { left = 0, limit = 0 } = memoryLeft() ?? {};
    expect(left).toBeGreaterThan(64 * MEBI);
    expect(left).toBeLessThanOrEqual(limit);
    expect(limit).toBeLessThanOrEqual(totalmem());
  });

  test("is the machine's, if no control group limits it", async () => {
    const machine = { left: 9000 * MEBI, limit: 16000 * MEBI, of: "machine" };
    const files = { "proc/meminfo": meminfo(16000, 9000) };
    await on(files, (root) => expect(memoryLeft(root)).toEqual(machine));
    const unlimited = {
      ...files,
      "proc/self/cgroup": "0::/job\n",
      "sys/fs/cgroup/job/memory.max": "max\n",
      "sys/fs/cgroup/job/memory.current": `${100 * MEBI}\n`,
    };
    await on(unlimited, (root) => expect(memoryLeft(root)).toEqual(machine));
    await on({}, (root) => expect(memoryLeft(root)).toBeUndefined());
  });

  test.each([
    [
      "version 2, of a parent group, with its file cache as free",
      {
        "proc/self/cgroup": "0::/slurm/job/step\n",
        "sys/fs/cgroup/slurm/job/memory.max": `${2000 * MEBI}\n`,
        "sys/fs/cgroup/slurm/job/memory.current": `${1990 * MEBI}\n`,
        "sys/fs/cgroup/slurm/job/memory.stat": `anon 5\ninactive_file ${50 * MEBI}\nfile 7\n`,
      },
      60,
    ],
    [
      "version 1, from inside a container",
      {
        "proc/self/cgroup": "9:cpu:/docker/abc\n4:memory:/docker/abc\n",
        "sys/fs/cgroup/memory/memory.limit_in_bytes": `${2000 * MEBI}\n`,
        "sys/fs/cgroup/memory/memory.usage_in_bytes": `${1960 * MEBI}\n`,
        "sys/fs/cgroup/memory/memory.stat": `total_inactive_file ${20 * MEBI}\n`,
      },
      60,
    ],
  ])("is a control group's, %s: a warning, once", async (_, files, left) => {
    await on({ "proc/meminfo": meminfo(16000, 9000), ...files }, (root) => {
      const found = memoryLeft(root);
      expect(found).toEqual({ left: left * MEBI, limit: 2000 * MEBI, of: "control group" });
      const warnings: string[] = [];
      const look = memoryWatch((sentence) => warnings.push(sentence), root);
      for (let i = 0; i < 3; i++) look();
      expect(warnings).toHaveLength(1);
      expect(warnings[0]).toMatch(
        /\b60 MiB of this control group's 2000 MiB .* process .*\b\d+ MiB.*train\.batch/,
      );
    });
  });

  test("is checked once a second", async () => {
    vi.useFakeTimers({ toFake: ["performance"] });
    try {
      await on({ "proc/meminfo": meminfo(16000, 600) }, (root) => {
        const warnings: string[] = [];
        const look = memoryWatch((sentence) => warnings.push(sentence), root);
        look();
        writeFileSync(join(root, "proc/meminfo"), meminfo(16000, 100));
        vi.advanceTimersByTime(900);
        look();
        expect(warnings).toEqual([]);
        vi.advanceTimersByTime(100);
        look();
        expect(warnings).toHaveLength(1);
      });
    } finally {
      vi.useRealTimers();
    }
  });

  test("no warning while there is enough", async () => {
    await on({ "proc/meminfo": meminfo(16000, 600) }, (root) => {
      memoryWatch((sentence) => {
        throw new Error(sentence);
      }, root)();
    });
  });
});
