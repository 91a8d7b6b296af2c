import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { augmenting, augmentSchema } from "../../src/datasets/augment.js";
import type { Dataset, Sample } from "../../src/datasets/dataset.js";
import { createLoader, ordered } from "../../src/datasets/loader.js";
import { openDataset } from "../../src/datasets/open.js";
import { shardOf } from "../../src/datasets/shard.js";
import { createWorkers, type Workers } from "../../src/datasets/workers.js";
import {
  fixtureSize,
  inTemporaryFolder,
  makeFaulty,
  makeGta5,
  writeImage,
  writeLabel,
} from "./fixtures.js";

const script = new URL("../../dist/datasets/worker.js", import.meta.url);
const opened: Workers[] = [];
function workersOf(count: number, options = {}): Workers {
  const workers = createWorkers(count, { script, ...options });
  opened.push(workers);
  return workers;
}
afterEach(async () => {
  for (const workers of opened.splice(0)) await workers.close();
});

const augment = augmentSchema.parse({ flip: true, crop: 0.5, jitter: 0.3, blur: 2 });

/** The samples of five batches, as the training gets them. */
async function drawn(dataset: Dataset, workers: Workers | undefined, start = 0): Promise<Sample[]> {
  const loader = createLoader(dataset, {
    ...{ batch: 3, size: { width: 40, height: 24 }, seed: 4, start, workers },
    transform: augmenting(augment, 7, workers),
  });
  const samples: Sample[] = [];
  for (let i = start / 3; i < 5; i++) samples.push(...(await loader.next()));
  loader.close();
  return samples;
}

/** Counts the tasks of a pool, and those that failed. */
function counted(workers: Workers) {
  const counts = { run: 0, failed: 0 };
  const run: Workers["run"] = async (task, input) => {
    counts.run++;
    const result = await workers.run(task, input);
    if (result === undefined) counts.failed++;
    return result;
  };
  return { counts, workers: { ...workers, run } };
}

/** Every id of the fixtures that GTA5's labels have. */
const ids = Object.fromEntries(
  Array.from({ length: 35 }, (_, id) => [id, id % 3 === 0 ? 255 : "road"]),
);

describe("any number of workers gives the same samples in the same order, to the bit", () => {
  const whole = { rank: 0, size: 1 };
  test.each([
    ["gta5", { type: "gta5" }, whole],
    ["a mapping of ids", { type: "folder", classes: "cityscapes", mapping: ids }, whole],
    ["a part of a set", { type: "gta5" }, { rank: 1, size: 2 }],
  ])("%s", async (_, spec, shard) => {
    await inTemporaryFolder(async (root) => {
      await makeGta5(root, 6);
      const dataset = shardOf(await openDataset({ ...spec, root }), shard);
      const expected = await drawn(dataset, undefined);
      for (const count of [1, 2]) {
        const { counts, workers } = counted(workersOf(count));
        expect(await drawn(dataset, workers)).toEqual(expected);
        expect(counts.run).toBeGreaterThan(15);
        expect(counts.failed).toBe(0);
        expect(await drawn(dataset, workers, 6)).toEqual(expected.slice(6)); // resumed
      }
    });
  });

  test("in the order of a set, as in an evaluation", async () => {
    await inTemporaryFolder(async (root) => {
      await makeGta5(root, 4);
      const dataset = await openDataset({ type: "gta5", root });
      const all = async (workers?: Workers) => {
        const samples: Sample[] = [];
        for await (const sample of ordered(dataset, undefined, { workers })) samples.push(sample);
        return samples;
      };
      const { counts, workers } = counted(workersOf(2));
      expect(await all(workers)).toEqual(await all());
      expect(counts).toEqual({ run: 4, failed: 0 });
    });
  });

  test("streets", async () => {
    await inTemporaryFolder(async (root) => {
      const spec = { type: "streets", root, domain: "source", split: "train", count: 2 };
      const dataset = await openDataset({ ...spec, labelled: true });
      const size = { width: 64, height: 32 };
      for (const at of [undefined, size]) {
        expect(await dataset.load(1, at, workersOf(1))).toEqual(await dataset.load(1, at));
      }
    });
  });
});

/** The error of loading a sample, without libvips's reason, which differs between reads of one file. */
const errorOf = (dataset: Dataset, index: number, workers?: Workers) =>
  dataset.load(index, fixtureSize, workers).then(
    () => "none",
    (error: { code?: string; message: string }) =>
      `${error.code}: ${error.message.replace(/(the image cannot be read) \(.*?\)/s, "$1")}`,
  );

describe("a worker's error is that of the main thread", () => {
  test("for images and labels that cannot be used", async () => {
    await inTemporaryFolder(async (root) => {
      await makeFaulty(root);
      const path = join(root, "labels", "e.png");
      await writeFile(path, (await readFile(path)).subarray(0, 60));
      const dataset = await openDataset({ type: "folder", root, classes: "cityscapes" });
      const workers = workersOf(2);
      const found = [];
      for (const index of dataset.names.keys()) {
        const error = await errorOf(dataset, index, workers);
        expect(error).toBe(await errorOf(dataset, index));
        found.push(error.replace(/^([a-z-]+: ).*?(\w\.png)?:.*/s, "$1$2"));
      }
      expect(found).toEqual([
        "image-unreadable: a.png",
        "none",
        "label-value: c.png",
        "label-size: d.png",
        "label-unreadable: e.png",
      ]);
    });
  });

  test("for labels of several depths", async () => {
    await inTemporaryFolder(async (root) => {
      const bits = new Uint8Array(64 * 32).fill(1, 10);
      for (const name of ["a", "b"]) {
        await writeImage(join(root, "images", `${name}.png`), new Uint8Array(6144), fixtureSize);
        await writeLabel(join(root, "labels", `${name}.png`), bits, fixtureSize);
      }
      const sharp = (await import("sharp")).default;
      const raw = { ...fixtureSize, channels: 1 } as const;
      const narrow = await sharp(
        bits.map((bit) => bit * 255),
        { raw },
      )
        .toColourspace("b-w")
        .png({ bitdepth: 1 } as never)
        .toBuffer();
      await writeFile(join(root, "labels", "a.png"), narrow);
      const open = () => openDataset({ type: "folder", root, classes: "cityscapes" });
      const errors = async (workers?: Workers) => {
        const dataset = await open(); // which remembers the depths that it has seen
        return [await errorOf(dataset, 0, workers), await errorOf(dataset, 1, workers)];
      };
      expect(await errors(workersOf(1))).toEqual(await errors());
    });
  });
});

describe("a worker that ends", () => {
  const failing = (root: string) => pathToFileURL(join(root, "failing.mjs"));

  test("is replaced by the main thread, with a warning", async () => {
    await inTemporaryFolder(async (root) => {
      await makeGta5(root, 6);
      await writeFile(
        fileURLToPath(failing(root)),
        `import { parentPort } from "node:worker_threads";
         parentPort.on("message", () => { throw new Error("no memory"); });`,
      );
      const dataset = await openDataset({ type: "gta5", root });
      const warnings: string[] = [];
      const warn = (sentence: string) => warnings.push(sentence);
      const workers = workersOf(2, { script: failing(root), warn });
      expect(await drawn(dataset, workers)).toEqual(await drawn(dataset, undefined));
      expect(warnings).toHaveLength(2);
      for (const warning of warnings) expect(warning).toMatch(/train\.workers.*no memory/);
    });
  });

  test("by close rejects what is pending, and what comes later", async () => {
    const workers = workersOf(1);
    const pending = workers.run("trainIds", { path: "/dev/null", map: {} });
    const settled = expect(pending).rejects.toThrow(/closed/);
    await workers.close();
    await settled;
    await expect(workers.run("trainIds", {})).rejects.toThrow(/closed/);
  });
});
