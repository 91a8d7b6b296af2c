import { readFileSync } from "node:fs";
import { join } from "node:path";
import { beforeAll, describe, expect, test } from "vitest";
import { dispose, type TensorMap } from "../../src/torch/index.js";
import { readCheckpoint, readJsonLines } from "../../src/train/index.js";
import { cli, preset, tiny } from "../cli/cli.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";

type Line = Readonly<Record<string, number>>;
interface Note {
  readonly step: number;
  readonly level: string;
  readonly text: string;
}
const metrics = (run: string) => readJsonLines<Line>(join(run, "metrics.jsonl"));
const notes = (run: string) => readJsonLines<Note>(join(run, "notes.jsonl"));
const json = (run: string, name: string) => JSON.parse(readFileSync(join(run, name), "utf8"));

/** Every tensor of the checkpoint of a step: weights, optimiser, banks, random states. */
function bits(run: string, step: number): Record<string, number[]> {
  const { tensors } = readCheckpoint(
    join(run, "checkpoints", `step-${String(step).padStart(7, "0")}.safetensors`),
  ) as { tensors: TensorMap };
  const values = Object.fromEntries(
    [...tensors].map(([name, tensor]) => [name, [...tensor.typed()].map(Number)]),
  );
  dispose(tensors);
  return values;
}

describe("a run that starts from a pretraining", () => {
  let pretrained: string;
  const lines: Record<string, Line[]> = {};
  const results: Record<string, Record<string, { miou: number }>> = {};
  const weights: Record<string, ReturnType<typeof bits>> = {};
  let reported: Note[];
  beforeAll(() =>
    inTemporaryFolder(async (root) => {
      await makeDomains(root, 4, 3);
      const path = await preset(
        root,
        tiny(root, {
          ...{ method: "cfcontra", pretrain: { steps: 2, rate: 0.01 } },
          augment: { flip: true, crop: 0.6, jitter: 0.3 },
          train: { ...tiny(root).train, steps: 6 },
        }),
      );
      for (const every of [0, 2]) {
        const run = join(root, `every-${every}`);
        const set = ["--set", `train.evaluateEvery=${every}`];
        const { code } = await cli("train", "--preset", path, "--out", run, ...set);
        expect(code).toBe(0);
        lines[every] = metrics(run);
        weights[every] = bits(run, 6);
      }
      pretrained = join(root, "tiny-pretrained-1234");
      results.pretrained = json(pretrained, "result.json").scores;
      reported = notes(join(root, "every-0"));
    }),
  );

  test("has the pretraining's scores at step 0, which are those that an evaluation gives", () => {
    const [known, evaluated] = [lines[0]?.[0], lines[2]?.[0]];
    expect(known?.step).toBe(0);
    expect(known?.["miou/camvid"]).toBe(results.pretrained?.camvid?.miou);
    const scores = (line: Line | undefined) =>
      Object.entries(line ?? {}).filter(([key]) => /^(miou|iou)\//.test(key));
    expect(scores(known).length).toBeGreaterThan(3);
    expect(scores(evaluated)).toEqual(scores(known));
    expect(lines[2]?.map(({ step }) => step)).toEqual([0, 2, 4, 6, 6]);
    expect(lines[0]?.map(({ step }) => step)).toEqual([0, 6, 6]);
  });

  test("trains to the same bits, whether its start is evaluated or not", () => {
    expect(Object.keys(weights[0] ?? {}).length).toBeGreaterThan(60);
    expect(weights[2]).toEqual(weights[0]);
    const loss = (every: number) => lines[every]?.find((line) => "source/main" in line);
    const { memory: _, seconds: __, waiting: ___, ...own } = loss(0) ?? {};
    expect(loss(2)).toMatchObject(own);
  });

  test("writes what it reports: notes of its start, warnings of its training", () => {
    expect(reported[0]).toMatchObject({ step: 0, level: "note" });
    expect(reported[0]?.text).toContain("tiny-pretrained-1234");
    const warnings = reported.filter(({ level }) => level === "warning");
    expect(warnings.length).toBeGreaterThan(0);
    expect(warnings[0]?.text).toMatch(/prototype/);
  });
});

test("no scores at step 0 from a pretraining that was evaluated on other images, or none", () =>
  inTemporaryFolder(async (root) => {
    await makeDomains(root, 4, 3);
    const pretrain = { steps: 1, rate: 0.01 };
    const config = tiny(root, { method: "minent", pretrain });
    const start = join(root, "tiny-pretrained-1234");
    const train = async (name: string, changes: object, ...set: string[]) => {
      const path = await preset(root, { ...config, ...changes });
      const run = join(root, name);
      const args = ["--preset", path, "--out", run, ...set.flatMap((one) => ["--set", one])];
      expect((await cli("train", ...args)).code).toBe(0);
      return metrics(run).map(({ step }) => step);
    };
    expect(await train("alike", {})).toEqual([0, 3, 3]);
    const other = {
      evaluate: { camvid: { ...config.evaluate.camvid, exclude: ["train/0016E5_00000"] } },
    };
    expect(await train("elsewhere", other, `pretrain.run=${start}`)).toEqual([3, 3]);
    expect(await train("scratch", { pretrain: undefined })).toEqual([3, 3]);
  }));

test("a run after another starts with its scores, unless they are of a running average", () =>
  inTemporaryFolder(async (root) => {
    await makeDomains(root, 4, 3);
    const train = async (name: string, config: object) => {
      const path = await preset(root, config, name);
      const run = join(root, name);
      expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
      return metrics(run);
    };
    const chain = { method: "cfcontra", pretrain: { steps: 1, rate: 0.01 } };
    const after = { method: "minent", steps: 2 };
    const lines = await train("two", tiny(root, { ...chain, after }));
    const { scores } = json(join(root, "two-minent-first-1234"), "result.json");
    expect(lines[0]).toMatchObject({ step: 0, "miou/camvid": scores.camvid.miou });
    expect(scores).not.toEqual(json(join(root, "two-pretrained-1234"), "result.json").scores);
    const averaged = { ...tiny(root).train, ema: 0.9 };
    const own = await train("averaged", tiny(root, { ...chain, after, train: averaged }));
    expect(own.map(({ step }) => step)).toEqual([3, 3]);
  }));

test("a resumed run drops the notes that come again, and keeps the others", () =>
  inTemporaryFolder(async (root) => {
    await makeDomains(root, 4, 3);
    const path = await preset(root, tiny(root, { pretrain: { steps: 1, rate: 0.01 } }));
    const run = join(root, "run");
    expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
    const before = notes(run);
    expect((await cli("train", "--resume", run, "--steps", "5")).code).toBe(0);
    const after = notes(run);
    expect(after.slice(0, before.length)).toEqual(before);
    expect(after.slice(before.length)[0]).toMatchObject({ step: 3, level: "note" });
    expect(after.slice(before.length)[0]?.text).toContain("train.schedule=3");
  }));
