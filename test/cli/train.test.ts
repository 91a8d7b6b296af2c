import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { readSafetensors } from "../../src/torch/index.js";
import {
  inTemporaryFolder,
  makeCamvid,
  makeCityscapes,
  makeGta5,
  makeSynthia,
} from "../datasets/fixtures.js";
import { BIN, cli, expectError, preset, tiny } from "./cli.js";

async function fixtures(root: string): Promise<void> {
  await Promise.all([
    makeGta5(join(root, "gta5"), 4),
    makeSynthia(join(root, "synthia"), 4),
    makeCityscapes(join(root, "cityscapes"), 4),
    makeCamvid(join(root, "camvid"), 3),
  ]);
}

const lines = (path: string) =>
  readFileSync(path, "utf8")
    .trim()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, number>);

describe("three steps from", () => {
  const sources = {
    gta5: {},
    synthia: { source: { type: "synthia" } },
    cityscapes: { source: { type: "cityscapes", split: "train" } },
  };
  test.each(Object.entries(sources))("%s, with every method", async (name, changes) => {
    await inTemporaryFolder(async (root) => {
      await fixtures(root);
      const source = { ...tiny(root).source, ...(changes as { source?: object }).source };
      const path = await preset(
        root,
        tiny(root, { source: { ...source, root: join(root, name) } }),
      );
      for (const method of ["source-only", "minent", "cfcontra"]) {
        const out = join(root, "runs", method);
        const {
          code,
          err,
          out: table,
        } = await cli("train", "--preset", path, "--method", method, "--out", out);
        expect(err).not.toMatch(/error/);
        expect(code).toBe(0);
        expect(table).toMatch(/^mIoU, % +camvid +\d+\.\d /m);
        const [last, measured] = lines(join(out, "metrics.jsonl")).slice(-2);
        expect(measured).toMatchObject({ step: 3, "miou/camvid": expect.any(Number) });
        expect(last?.step).toBe(3);
        expect(Number.isFinite(last?.["source/main"])).toBe(true);
        expect("contrast/sourceToTarget" in (last ?? {})).toBe(method === "cfcontra");
        expect(existsSync(join(out, "result.json"))).toBe(true);
        expect((await readdir(join(out, "previews", "camvid"))).length).toBe(3);
      }
    });
  });
});

test.each([{}, { method: "self-training", sampling: { rareClasses: true } }])(
  "a resumed run writes the weights of an uninterrupted one: %j",
  async (changes) => {
    await inTemporaryFolder(async (root) => {
      await fixtures(root);
      const path = await preset(root, tiny(root, changes));
      const whole = join(root, "whole");
      const parts = join(root, "parts");
      const set = ["--set", "train.schedule=3"];
      await cli("train", "--preset", path, "--out", whole, ...set);
      await cli("train", "--preset", path, "--out", parts, "--steps", "2", ...set);
      const resumed = await cli("train", "--resume", parts, "--set", "train.steps=3");
      expect(resumed.code).toBe(0);
      const weights = (run: string) =>
        readFileSync(join(run, "checkpoints/step-0000003.safetensors"));
      expect(weights(parts).equals(weights(whole))).toBe(true);
      const counted = existsSync(join(parts, "class-statistics.json"));
      expect(counted).toBe("sampling" in changes); // once, for the resumed part too
    });
  },
);

test.each(["SIGINT", "SIGTERM", "SIGHUP"] as const)(
  "%s saves and exits with 130; --resume continues",
  async (signal) => {
    await inTemporaryFolder(async (root) => {
      await fixtures(root);
      const path = await preset(root, tiny(root));
      const run = join(root, "run");
      const args = [BIN, "train", "--preset", path, "--out", run, "--steps", "100000"];
      const child = spawn(process.execPath, [...args, "--set", "train.checkpointEvery=50000"], {
        stdio: ["ignore", "ignore", "pipe"],
      });
      let err = "";
      child.stderr.on("data", (text) => {
        err += text;
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      while (!existsSync(join(run, "metrics.jsonl")) && child.exitCode === null)
        await setTimeout(50);
      child.kill(signal);
      expect(await ended).toBe(130);
      const [, step] = /stopped after step (\d+); .*--resume/.exec(err) ?? [];
      expect(Number(step)).toBeGreaterThanOrEqual(10);
      const [file] = await readdir(join(run, "checkpoints"));
      expect(file).toBe(`step-${step?.padStart(7, "0")}.safetensors`);
      const steps = Number(step) + 2;
      const resumed = await cli("train", "--resume", run, "--set", `train.steps=${steps}`);
      expect(resumed.code).toBe(0);
      expect(lines(join(run, "metrics.jsonl")).at(-1)?.step).toBe(steps);
    });
  },
);

test("a signal in an evaluation stops it, with a checkpoint; --resume evaluates again", async () => {
  await inTemporaryFolder(async (root) => {
    await fixtures(root);
    const slow = { source: [64, 32], target: [64, 32], evaluate: [1600, 1200] };
    const path = await preset(root, tiny(root, { sizes: slow }));
    /** Trains to step 1, is signalled in its evaluation, and resumed. */
    const stopped = async (run: string, ...changes: string[]) => {
      const command = ["train", "--preset", path, "--out", run, ...changes];
      const child = spawn(process.execPath, [BIN, ...command], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      let err = "";
      child.stderr.on("data", (text) => {
        err += text;
      });
      const ended = new Promise<number | null>((resolve) => child.once("close", resolve));
      const status = () => JSON.parse(readFileSync(join(run, "status.json"), "utf8"));
      const metrics = join(run, "metrics.jsonl");
      // Its first line comes just before step 1 (scores of step 0) or just after it (losses of the last step).
      while (!existsSync(metrics) && child.exitCode === null) await setTimeout(5);
      await setTimeout(500);
      child.kill("SIGTERM");
      expect(await ended).toBe(130);
      expect(err).toMatch(/stopped after step 1; resume with: .*train --resume/);
      expect(status().state).toBe("stopped");
      expect(await readdir(join(run, "checkpoints"))).toEqual(["step-0000001.safetensors"]);
      expect(existsSync(join(run, "result.json"))).toBe(false);
      const resumed = await cli("train", "--resume", run, "--set", "sizes.evaluate=[64, 32]");
      expect(resumed.code).toBe(0);
      expect(status().state).toBe("complete");
      const evaluated = lines(join(run, "metrics.jsonl")).filter((line) => "miou/camvid" in line);
      return evaluated.map(({ step }) => step);
    };
    expect(await stopped(join(root, "last"), "--steps", "1")).toEqual([1]);
    const onTheWay = [
      "--steps",
      "2",
      "--set",
      "train.evaluateEvery=1",
      "--set",
      "train.checkpointEvery=50",
    ];
    expect(await stopped(join(root, "way"), ...onTheWay)).toEqual([0, 1, 2]);
  });
});

test("evaluate repeats the run's own scores, predict labels images of any size", async () => {
  await inTemporaryFolder(async (root) => {
    await fixtures(root);
    const run = join(root, "run");
    await cli("train", "--preset", await preset(root, tiny(root)), "--out", run);
    const json = join(root, "scores.json");
    const { code, out } = await cli("evaluate", run, "--json", json);
    expect(code).toBe(0);
    expect(out).toMatch(/^road +/m);
    const result = JSON.parse(readFileSync(join(run, "result.json"), "utf8"));
    expect(JSON.parse(readFileSync(json, "utf8")).scores).toEqual(result.scores);

    const photo = join(root, "photo.jpg");
    await sharp({ create: { width: 90, height: 50, channels: 3, background: "grey" } }).toFile(
      photo,
    );
    const labels = join(root, "labels");
    expect(
      (await cli("predict", run, photo, join(root, "camvid", "train"), "--out", labels)).code,
    ).toBe(0);
    expect((await readdir(labels)).length).toBe(8);
    const { width, height, channels } = await sharp(join(labels, "photo.png")).metadata();
    expect([width, height, channels]).toEqual([90, 50, 1]);
  });
});

test("a run with a coarse stage for both domains resumes, and predicts with the same stage", async () => {
  await inTemporaryFolder(async (root) => {
    await fixtures(root);
    const style = { method: "color", domains: "both", images: 3 };
    const augment = { flip: true, crop: 0.6, jitter: 0.3, blur: 1 };
    const path = await preset(root, tiny(root, { style, augment }));
    const [whole, parts] = [join(root, "whole"), join(root, "parts")];
    const set = ["--set", "train.schedule=3"];
    await cli("train", "--preset", path, "--out", whole, ...set);
    await cli("train", "--preset", path, "--out", parts, "--steps", "2", ...set);
    await cli("train", "--resume", parts, "--set", "train.steps=3");
    const weights = (run: string) =>
      readFileSync(join(run, "checkpoints/step-0000003.safetensors"));
    expect(weights(parts).equals(weights(whole))).toBe(true);

    const json = join(root, "scores.json");
    const evaluated = (...args: string[]) => cli("evaluate", whole, "--json", json, ...args);
    const scores = (file: string) => JSON.parse(readFileSync(file, "utf8")).scores;
    expect((await evaluated()).code).toBe(0);
    expect(scores(json)).toEqual(scores(join(whole, "result.json")));
    const statistics = join(whole, "style.safetensors");
    await rm(statistics);
    const alone = ["--set", "style.method=none"] as const;
    expectError(await evaluated(), "not-found", statistics, alone.join(" "));
    expect((await evaluated(...alone)).code).toBe(0);
    expect(scores(json)).toHaveProperty("camvid");
  });
});

test("training starts from another run's weights, if they fit", async () => {
  await inTemporaryFolder(async (root) => {
    await fixtures(root);
    const path = await preset(root, tiny(root));
    const [first, second] = [join(root, "first"), join(root, "second")];
    await cli("train", "--preset", path, "--out", first, "--method", "source-only");
    const from = ["--set", `network.weights=${first}`, "--set", "train.rate=1e-30"];
    await cli("train", "--preset", path, "--out", second, "--seed", "9", ...from);
    const result = (run: string) => JSON.parse(readFileSync(join(run, "result.json"), "utf8"));
    expect(result(second).classes).toEqual(result(first).classes);
    const before = readSafetensors(join(first, "checkpoints/step-0000003.safetensors"));
    const after = readSafetensors(join(second, "checkpoints/step-0000003.safetensors"));
    const name = "network/layer6.conv2d_list.0.weight";
    expect(after.tensors.get(name)?.numbers()).toEqual(before.tensors.get(name)?.numbers());
    const misfit = await cli("train", "--preset", path, ...from, "--set", "network.width=0.25");
    expectError(misfit, "weights-mismatch", join(first, "checkpoints"), "conv1.weight", "width");
  });
});

test("a dry run prints an estimate and writes nothing", async () => {
  await inTemporaryFolder(async (root) => {
    await fixtures(root);
    const path = await preset(root, tiny(root, { train: { steps: 120, precision: "float32" } }));
    const before = await readdir(root);
    const { code, out } = await cli("train", "--preset", path, "--dry-run");
    expect(code).toBe(0);
    expect(out).toMatch(/^ {2}backbone: resnet18$/m); // the configuration, defaults filled in
    expect(out).toMatch(/^ {2}headRate: 10$/m);
    expect(out).toMatch(/^train source +gta5 .*, 4 images$/m);
    expect(out).toMatch(/^evaluate camvid +camvid .*, 3 images$/m);
    expect(out).toMatch(/^parameters +0\.\d million, of which 0\.\d million are trained$/m);
    expect(out).toMatch(/^memory +\d+ MiB/m);
    expect(out).toMatch(/^training +\d+:\d\d for 120 steps/m);
    const ahead = [
      "pretrain={ steps: 7, rate: 0.01 }",
      "after={ method: minent, steps: 9 }",
    ].flatMap((change) => ["--set", change]);
    const both = await cli("train", "--preset", path, "--dry-run", ...ahead);
    expect(both.out).toMatch(
      /^training .*; before it, once for all methods, 7 of pretraining; before it, 9 of minent$/m,
    );
    expect(out).not.toMatch(/before it/);
    const named = ["pretrain.run", "after.run"].flatMap((key) => [
      ...["--set", `${key}=${join(root, "to-be-trained")}`],
    ]);
    const missing = await cli("train", "--preset", path, "--dry-run", ...ahead, ...named);
    expect(missing.code, missing.err).toBe(0);
    expect(missing.out).toContain(`run: ${join(root, "to-be-trained")}`);
    expect(await readdir(root)).toEqual(before);
  });
});

test("a preset with a pretraining shares it among the methods", async () => {
  await inTemporaryFolder(async (root) => {
    await fixtures(root);
    const path = await preset(root, tiny(root, { pretrain: { steps: 2, rate: 0.002 } }));
    const train = (method: string, ...more: string[]) =>
      cli(
        "train",
        "--preset",
        path,
        "--method",
        method,
        "--out",
        join(root, "runs", method),
        ...more,
      );
    const first = await train("source-only");
    expect(first.err).toMatch(
      /pretraining on the source, from which all methods start: 2 steps in/,
    );
    expect(first.code).toBe(0);
    const pretrained = join(root, "runs", "tiny-pretrained-1234");
    expect(lines(join(pretrained, "metrics.jsonl")).at(-1)?.step).toBe(2);
    const second = await train("minent");
    expect(second.code).toBe(0);
    expect(second.err).not.toMatch(/pretraining on/);
    expect(second.err).toMatch(/weights from .*tiny-pretrained-1234/);
    const other = await train("cfcontra", "--set", "network.width=0.25");
    expectError(other, "pretraining-mismatch", pretrained, "network.width was 0.125, is 0.25");
  });
});

test("labels that are ignored throughout end the training, naming the set", async () => {
  await inTemporaryFolder(async (root) => {
    await fixtures(root);
    const mapping = Object.fromEntries(Array.from({ length: 256 }, (_, id) => [id, "ignore"]));
    const path = await preset(
      root,
      tiny(root, { source: { ...tiny(root).source, mapping, exclude: ["00004"] } }),
    );
    const out = join(root, "run");
    const { code, err } = await cli("train", "--preset", path, "--method", "minent", "--out", out);
    expect(code).toBe(1);
    expect(err).toContain(join(root, "gta5"));
    expect(err).toContain("`mapping`");
  });
});
