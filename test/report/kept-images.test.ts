import { existsSync, readdirSync, readFileSync, rmSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { idsOfColors } from "../../src/report/change-map.js";
import { readImageMious } from "../../src/report/image-lines.js";
import type { ImageLine } from "../../src/report/image-ranking.js";
import { runPage } from "../../src/report/page/run-page.js";
import { thinOut } from "../../src/report/preview-files.js";
import { readRun } from "../../src/report/run-files.js";
import { readPreviews } from "../../src/report/run-pictures.js";
import { readJsonLines } from "../../src/train/index.js";
import { writeAtomically } from "../../src/write-atomically.js";
import { cli, preset, tiny } from "../cli/cli.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";

const IMAGES = 16; // more than the twelve that are spread over a set
const OUTPUT = { width: 96, height: 48 };

describe("a run with a baseline, evaluated on 16 images", () => {
  let root: string;
  const run = (name: string) => join(root, "runs", name);
  const lines = (name: string) => readJsonLines<ImageLine>(join(run(name), "images.jsonl"));
  const train = async (method: string, ...more: string[]) => {
    const path = await preset(
      root,
      tiny(root, {
        sizes: { ...tiny(root).sizes, output: [OUTPUT.width, OUTPUT.height] },
        train: { ...tiny(root).train, steps: 2, rate: method === "minent" ? 0.01 : 0.001 },
      }),
    );
    const set = ["--set", "train.evaluateEvery=1", "--set", "train.rate=0.01"];
    const args = ["--preset", path, "--method", method, "--out", run(method), ...set, ...more];
    const { code, err } = await cli("train", ...args);
    expect([code, err]).toEqual([0, err]);
  };
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "cfcontra-"));
    await makeDomains(root, 3, IMAGES);
    await train("source-only");
    await train("minent", "--set", "options.minent.entropy=1");
  });
  afterAll(() => rm(root, { recursive: true, force: true }));

  test("has a line for each image of each evaluation", () => {
    const steps = lines("minent").map(({ step }) => step);
    expect([0, 1, 2].map((step) => steps.filter((one) => one === step).length)).toEqual([
      ...[IMAGES, IMAGES, IMAGES],
    ]);
  });

  test("the scores of an image are those of its pictures, at the output's resolution", async () => {
    const { classes } = readRun(run("minent"));
    const previews = readPreviews(run("minent"), "camvid");
    for (const { name, truth, prediction, entropy, step } of previews) {
      const ids = async (path: string | undefined) => {
        const raw = sharp(path).removeAlpha().raw();
        const { data, info } = await raw.toBuffer({ resolveWithObject: true });
        expect([info.width, info.height]).toEqual([OUTPUT.width, OUTPUT.height]);
        return idsOfColors(data, 3, classes.colors);
      };
      const [real, found] = [await ids(truth), await ids(prediction)];
      const line = lines("minent").find((one) => one.name === name && one.step === step);
      const labelled = [...real.keys()].filter((i) => real[i] !== 255);
      const right = labelled.filter((i) => real[i] === found[i]).length;
      expect(line?.accuracy).toBeCloseTo(right / labelled.length, 4);
      for (const k of classes.names.keys()) {
        const own = labelled.filter((i) => real[i] === k);
        const both = own.filter((i) => found[i] === k).length;
        const either = labelled.filter((i) => real[i] === k || found[i] === k).length;
        if (own.length === 0) expect(line?.iou[k]).toBeNull();
        else expect(line?.iou[k]).toBeCloseTo(both / either, 4);
      }
      const { channels } = await sharp(entropy).stats();
      expect(Math.abs((line?.entropy ?? 0) - (channels[0]?.mean ?? 0) / 255)).toBeLessThan(0.02);
    }
  });

  test("keeps the worst, the most improved and the most damaged images beside the spread ones", () => {
    const own = readImageMious(run("minent"), "camvid") as Map<string, number>;
    const before = readImageMious(run("source-only"), "camvid") as Map<string, number>;
    const worst = [...own].sort(([, a], [, b]) => a - b).slice(0, 12);
    const changed = [...own].filter(([name, score]) => score !== before.get(name));
    expect(changed.length).toBeGreaterThan(0);
    const previews = readPreviews(run("minent"), "camvid");
    const kept = previews.map(({ name }) => name);
    expect(new Set(kept).size).toBe(kept.length);
    for (const [name] of worst) expect(kept).toContain(name);
    expect(previews.filter(({ extreme }) => !extreme)).toHaveLength(12);
    expect(previews.filter(({ extreme }) => extreme).length).toBeGreaterThan(0);
    for (const { extreme, folder } of previews) {
      const steps = readdirSync(folder).filter((file) => file.endsWith("-prediction.png"));
      expect(steps).toHaveLength(extreme ? 1 : 3);
    }
  });

  test("has the baseline's predictions, and shows them as changes in its report", () => {
    for (const { baseline, folder } of readPreviews(run("minent"), "camvid")) {
      expect(baseline).toBeDefined();
      expect(readFileSync(join(folder, "baseline.txt"), "utf8")).toBe("source-only\n");
    }
    const text = readFileSync(join(run("minent"), "report.html"), "utf8");
    expect(text).toMatch(/<b>\d+<\/b> of 16 images are better than source-only, <b>\d+<\/b> worse/);
    expect(text).toMatch(/fixed \d+\.\d %, broke \d+\.\d %/);
    expect(text).toMatch(/wrong \d+\.\d %/);
  });

  test("measured again by `evaluate` has the same scores and pictures", async () => {
    const file = join(run("minent"), "images.jsonl");
    const before = readFileSync(file, "utf8");
    const names = readPreviews(run("minent"), "camvid").map(({ name }) => name);
    const { code, out } = await cli("evaluate", run("minent"), "--json");
    expect(code).toBe(0);
    expect(Object.keys(JSON.parse(out).evaluations.camvid)).not.toContain("images");
    expect(readFileSync(file, "utf8")).toBe(before);
    expect(readPreviews(run("minent"), "camvid").map(({ name }) => name)).toEqual(names);
    expect(existsSync(join(run("minent"), "run.lock"))).toBe(false);
    expect((await cli("evaluate", run("minent"), "--flip")).code).toBe(0);
    expect(readFileSync(file, "utf8")).toBe(before); // measured in another way
  });

  test("resumed from an earlier step, it has each line once, and no picture of a discarded future", async () => {
    const later = join(run("minent"), "checkpoints/step-0000002.safetensors");
    rmSync(later);
    const before = lines("minent");
    const { code } = await cli("train", "--resume", run("minent"));
    expect(code).toBe(0);
    expect(lines("minent")).toEqual(before);
  });

  test("of an earlier version, without the files, has a report that names what it lacks", async () => {
    for (const name of ["source-only", "minent"]) rmSync(join(run(name), "images.jsonl"));
    const text = await runPage(readRun(run("minent")));
    expect(text).toContain("no scores of single images");
    expect((await cli("evaluate", run("minent"))).code).toBe(0);
    expect(lines("minent")).toHaveLength(IMAGES);
  });
});

test("pictures of evaluations in between are removed until the rest fits", () =>
  inTemporaryFolder(async (root) => {
    const file = (step: number) => `000/step-${String(step).padStart(7, "0")}-prediction.png`;
    const steps = [0, 100, 110, 200, 300, 400];
    for (const step of steps) writeAtomically(join(root, file(step)), new Uint8Array(1000));
    const left = () => steps.filter((step) => existsSync(join(root, file(step))));
    thinOut(root, 5000);
    expect(left()).toEqual([0, 100, 200, 300, 400]);
    thinOut(root, 2500);
    expect(left()).toEqual([0, 400]);
    thinOut(root, 10);
    expect(left()).toEqual([0, 400]);
  }));
