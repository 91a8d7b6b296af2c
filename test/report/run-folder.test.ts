import { appendFileSync, existsSync, readFileSync, writeFileSync } from "node:fs";
import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { Sample } from "../../src/datasets/dataset.js";
import { prototypeCosines } from "../../src/report/prototype-cosines.js";
import { writeStyleSamples } from "../../src/report/style-samples.js";
import { tensor } from "../../src/torch/index.js";
import {
  openRunFolder,
  openStatus,
  readJsonLines,
  removeHalfWritten,
} from "../../src/train/index.js";
import { cli, preset, tiny } from "../cli/cli.js";
import { fixtureSize, inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { tinyDataset } from "../train/tiny.js";

const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));

describe("a run that evaluates every second of five steps", () => {
  let root: string;
  let run: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "cfcontra-"));
    await makeDomains(root, 4, 3);
    run = join(root, "run");
    const train = { ...tiny(root).train, steps: 5, evaluateEvery: 2, checkpointEvery: 4 };
    const style = { method: "color", images: 2 };
    const path = await preset(root, tiny(root, { train, style }));
    const { code, err } = await cli(
      "train",
      "--preset",
      path,
      "--out",
      run,
      "--method",
      "cfcontra",
    );
    expect(err).not.toMatch(/error/);
    expect(code).toBe(0);
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test("is complete in its status", () => {
    const status = json(run, "status.json");
    expect(status).toMatchObject({ state: "complete", method: "cfcontra", step: 5, steps: 5 });
    expect(status.pid).toBe(process.pid);
    expect(Date.parse(status.updated)).toBeGreaterThanOrEqual(Date.parse(status.started));
  });

  test("logs losses, memory, and IoU per class over training, including the last evaluation", () => {
    const lines = readJsonLines<Record<string, number>>(join(run, "metrics.jsonl"));
    expect(lines.map(({ step }) => step)).toEqual([0, 2, 4, 5, 5]);
    expect(lines[3]).toMatchObject({ "source/main": expect.any(Number) });
    for (const line of lines) expect(line.memory).toBeGreaterThan(50);
    const { classes, scores } = json(run, "result.json");
    const last = lines.at(-1) as Record<string, number>;
    expect(last["miou/camvid"]).toBe(scores.camvid.miou);
    for (const [k, name] of classes.entries()) {
      expect(last[`iou/camvid/${name}`] ?? null).toBe(scores.camvid.iou[k]);
    }
  });

  test("logs the shares of the predicted classes, and what its pseudo-labels are worth", () => {
    const lines = readJsonLines<Record<string, number>>(join(run, "metrics.jsonl"));
    const { classes } = json(run, "result.json");
    const evaluations = lines.filter((line) => "miou/camvid" in line);
    for (const line of evaluations) {
      const shares = classes.map((name: string) => line[`predicted/${name}`] as number);
      expect(shares.reduce((sum: number, share: number) => sum + share, 0)).toBeCloseTo(1, 10);
    }
    const coverage = evaluations.map((line) => line["pseudo/camvid/coverage"]);
    expect(coverage[0]).toBeUndefined(); // no prototypes before the first step
    for (const value of coverage.slice(1)) {
      expect(value).toBeGreaterThan(0);
      expect(value).toBeLessThanOrEqual(1);
    }
  });

  test("saves pictures of every snapshot, in the colours of the classes", async () => {
    const folder = join(run, "previews", "camvid", "001");
    const steps = ["0000000", "0000002", "0000004", "0000005"];
    const snapshots = steps.flatMap((step) => [
      `step-${step}-entropy.png`,
      `step-${step}-prediction.png`,
    ]);
    expect((await readdir(folder)).sort()).toEqual(
      ["input.jpg", "name.txt", ...snapshots, "truth.png"].sort(),
    );
    const { names, colors } = json(run, "classes.json");
    expect(names.length).toBe(colors.length);
    const raw = (file: string) =>
      sharp(join(folder, file)).removeAlpha().raw().toBuffer({ resolveWithObject: true });
    const prediction = await raw("step-0000005-prediction.png");
    expect([prediction.info.width, prediction.info.height]).toEqual([64, 32]);
    const known = new Set(colors.map(String));
    for (let at = 0; at < prediction.data.length; at += 3) {
      expect(known).toContain(String([...prediction.data.subarray(at, at + 3)]));
    }
    const entropy = await sharp(join(folder, "step-0000005-entropy.png")).stats();
    expect(entropy.channels[0]?.mean).toBeGreaterThan(1);
    expect(entropy.channels[0]?.mean).toBeLessThan(255);
  });

  test("saves the confusion matrix of its last snapshot and the cosines of its prototypes", () => {
    const { step, sets } = json(run, "confusion.json");
    const { classes, scores } = json(run, "result.json");
    expect(step).toBe(5);
    const rows = sets.camvid as number[][];
    const all = rows.flat().reduce((sum, count) => sum + count, 0);
    const right = rows.reduce((sum, row, k) => sum + (row[k] as number), 0);
    expect(right / all).toBe(scores.camvid.accuracy);
    const cosines = readJsonLines<{ step: number; source: (number | null)[][] }>(
      join(run, "prototypes.jsonl"),
    );
    expect(cosines.map((entry) => entry.step)).toEqual([2, 4, 5]);
    const { source } = cosines[2] as { source: (number | null)[][] };
    expect(source).toHaveLength(classes.length);
    for (const [k, row] of source.entries()) expect([null, 1]).toContain(row[k]);
    expect(source.flat()).toContain(1);
  });

  test("saves samples of its style", async () => {
    const files = (await readdir(join(run, "style"))).sort();
    expect(files.slice(0, 2)).toEqual(["000-content.jpg", "000-result.jpg"]);
    expect(files).toHaveLength(8);
  });

  test("loses half-written files of any of its names, and no others", async () => {
    const before = (await readdir(run, { recursive: true, withFileTypes: true }))
      .filter((entry) => entry.isFile())
      .map((entry) => join(entry.parentPath, entry.name))
      .filter((path) => !path.startsWith(join(run, "tensorboard"))); // these are appended to
    expect(before.length).toBeGreaterThan(30);
    const parts = before.map((path) => `${path}.4711-0123abcd.part`);
    for (const path of parts) writeFileSync(path, "half");
    removeHalfWritten(run);
    expect(parts.filter((path) => existsSync(path))).toEqual([]);
    expect(before.filter((path) => !existsSync(path))).toEqual([]);
  });

  test("has every line once after it is resumed from an earlier step", async () => {
    appendFileSync(join(run, "metrics.jsonl"), '{"step":6,"torn'); // as if the machine was lost
    const steps = ["--set", "train.steps=6", "--set", "train.schedule=6"];
    expect((await cli("train", "--resume", run, ...steps)).code).toBe(0);
    const lines = readJsonLines<{ step: number }>(join(run, "metrics.jsonl"));
    expect(lines.map(({ step }) => step)).toEqual([0, 2, 4, 5, 5, 6, 6]);
  });
});

test("a run that fails has the reason in its status", async () => {
  await inTemporaryFolder(async (root) => {
    await makeDomains(root, 4);
    const train = { ...tiny(root).train, steps: 50, rate: 1e30, checkpointEvery: 50 };
    const run = join(root, "run");
    const { code } = await cli(
      "train",
      "--preset",
      await preset(root, tiny(root, { train })),
      "--out",
      run,
    );
    expect(code).toBe(1);
    const { state, error, step } = json(run, "status.json");
    expect(state).toBe("failed");
    expect(error).toMatch(/is (NaN|Infinity|not finite)/);
    expect(step).toBeLessThan(50);
    expect(existsSync(join(run, "result.json"))).toBe(false);
  });
});

test("status.json is running until the run ends, with its step", async () => {
  await inTemporaryFolder(async (folder) => {
    const status = openStatus(folder, { method: "m", seed: 1, step: 3, steps: 9 });
    expect(json(folder, "status.json")).toMatchObject({ state: "running", step: 3, steps: 9 });
    status.at(7);
    status.end("stopped");
    expect(json(folder, "status.json")).toMatchObject({ state: "stopped", step: 7 });
    expect(json(folder, "status.json").error).toBeUndefined();
  });
});

test("rewind drops later lines, and a torn line", async () => {
  await inTemporaryFolder(async (path) => {
    const folder = openRunFolder(path);
    for (const step of [10, 20, 30]) folder.append("a.jsonl", { step });
    appendFileSync(join(path, "a.jsonl"), '{"step":');
    folder.rewind("a.jsonl", ({ step }) => step <= 20);
    folder.append("a.jsonl", { step: 21 });
    expect(readJsonLines(join(path, "a.jsonl"))).toEqual([
      { step: 10 },
      { step: 20 },
      { step: 21 },
    ]);
    expect(readJsonLines(join(path, "none.jsonl"))).toEqual([]);
  });
});

test("cosines of prototypes are null for a class that was never seen", () => {
  const source = tensor(Float32Array.of(1, 0, 0.6, 0.8, 0, 0), [3, 2]);
  const target = tensor(Float32Array.of(0, 1, 0, 0, 1, 0), [3, 2]);
  const { source: within, across } = prototypeCosines({ source, target });
  expect(within).toEqual([
    [1, 0.6, null],
    [0.6, 1, null],
    [null, null, null],
  ]);
  expect(across).toEqual([
    [0, null, 1],
    [0.8, null, 0.6],
    [null, null, null],
  ]);
});

test("samples of a style show an image before and after it", async () => {
  await inTemporaryFolder(async (folder) => {
    const darker = async (sample: Sample) => ({
      ...sample,
      image: sample.image.map((v) => v >> 2),
    });
    await writeStyleSamples(folder, tinyDataset(1), fixtureSize, darker);
    const mean = async (file: string) =>
      (await sharp(join(folder, "style", file)).stats()).channels[0]?.mean as number;
    const before = await mean("000-content.jpg");
    expect((await mean("000-result.jpg")) / before).toBeCloseTo(0.25, 1);
  });
});
