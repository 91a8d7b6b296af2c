import { existsSync, readdirSync, readFileSync } from "node:fs";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { classesOf } from "../../src/datasets/open.js";
import { modelInfo } from "../../src/export/index.js";
import { makeDomains } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";
import { cli, expectError, preset, tiny } from "./cli.js";

describe("a file of weights without its run:", () => {
  let root: string;
  let run: string;
  let file: string;
  let photo: string;
  let withData: string;
  let withoutData: string;
  beforeAll(async () => {
    root = await mkdtemp(join(tmpdir(), "cfcontra-"));
    run = join(root, "run");
    [file, photo] = [join(root, "weights", "trained.pth"), join(root, "photo.png")];
    await mkdir(join(root, "weights"));
    await makeDomains(root, 2);
    withData = await preset(root, tiny(root));
    withoutData = await preset(root, tiny(join(root, "missing")), "without-data");
    const train = ["train", "--preset", withData, "--steps", "1", "--out", run];
    expect((await cli(...train)).code).toBe(0);
    expect((await cli("weights", "convert", run, file)).code).toBe(0);
    const noise = { mean: 120, sigma: 60, type: "gaussian" } as const;
    const create = { width: 90, height: 50, channels: 3, background: "#888", noise } as const;
    await sharp({ create }).png().toFile(photo);
  });
  afterAll(() => rm(root, { recursive: true }));

  const scoresOf = async (...args: string[]) => {
    const json = join(root, "scores.json");
    const { code, err } = await cli("evaluate", ...args, "--json", json);
    expect(code, err).toBe(0);
    return JSON.parse(readFileSync(json, "utf8"));
  };

  test("evaluate gives the scores of the run", async () => {
    const own = await scoresOf(run);
    const found = await scoresOf(file, "--preset", withData, "--data", root);
    expect(found.evaluations).toEqual(own.evaluations);
    expect([found.weights, found.method]).toEqual([file, undefined]);
    expect(own.method).toBe("cfcontra");
    expect(existsSync(join(run, "images.jsonl"))).toBe(true);
    expect(readdirSync(root).filter((name) => /^(images|previews)/.test(name))).toEqual([]);
  });

  test("predict labels as the run does, without the data sets", async () => {
    const labels = async (folder: string, ...args: string[]) => {
      const { code, err } = await cli("predict", ...args, photo, "--out", join(root, folder));
      expect(code, err).toBe(0);
      return sharp(join(root, folder, "photo.png"))
        .raw()
        .toBuffer();
    };
    const theirs = await labels("file", file, "--preset", withoutData);
    expect(theirs).toEqual(await labels("run", run));
  });

  test("export writes classes and title, without the data sets", async () => {
    const out = join(root, "model.onnx");
    const { code, err } = await cli("export", file, "--preset", withoutData, "--out", out);
    expect(code, err).toBe(0);
    const info = modelInfo(await readFile(out));
    expect(info?.title).toBe("trained");
    expect(info?.classes[10]).toEqual({ name: "sky", color: [70, 130, 180] });
  });

  test("the weights must fit the preset, and must be whole", async () => {
    const exported = (path: string, ...args: string[]) =>
      cli("export", path, "--preset", withoutData, "--out", join(root, "no.onnx"), ...args);
    const checkpoint = join(run, "checkpoints", "step-0000001.safetensors");
    const torchvision = await exported(checkpoint, "--set", "network.input=torchvision");
    expectError(torchvision, "weights-mismatch", checkpoint, "network.input=caffe");
    const unread = await exported(file, "--set", "network.weights=other.pth");
    expectError(unread, "conflicting-options", "does not read network.weights");
    const eleven = ["--set", "source.type=camvid", "--set", "source.classes=camvid"];
    expectError(await exported(checkpoint, ...eleven), "class-mismatch", "bicyclist", "rider");
    expectError(await exported(file, ...eleven), "weights-mismatch", file);
    expectError(await exported(run), "conflicting-options", run);
    expectError(await cli("export", file), "not-a-run", file, "--preset");
    const onnx = await cli("predict", "--onnx", "model.onnx", "--preset", withData, photo);
    expectError(onnx, "conflicting-options", "--preset");
  });

  test("a backbone alone is not a trained network", async () => {
    const backbone = join(root, "backbone.pth");
    const { dispose, readTensors, writeTensors } = await import("../../src/torch/index.js");
    const { tensors } = readTensors(file);
    const names = [...tensors].filter(([name]) => !/^(layer[56]|head)\./.test(name));
    writeTensors(backbone, new Map(names));
    dispose(tensors);
    const refused = await cli("export", backbone, "--preset", withoutData);
    expectError(refused, "weights-mismatch", backbone, "layer6");
  });
});

describe("classesOf", () => {
  const root = "/nowhere";
  test.each([
    [{ type: "streets", domain: "source", count: 1 }, 19],
    [{ type: "camvid", root }, 11],
    [{ type: "camvid", root, classes: "cityscapes" }, 19],
    [{ type: "crosscity", root, city: "Rome" }, 13],
    [{ type: "folder", root, classes: ["a", "b"], mapping: { 7: "a" } }, 2],
    [{ type: "coco", root, classes: ["a", "b"], unlabelled: "ignore" }, 2],
  ])("%o", (spec, count) => {
    expect(classesOf(spec).names).toHaveLength(count);
  });

  test.each(["folder", "coco"])("a %s without classes", async (type) => {
    await userError(() => classesOf({ type, root }), "invalid-value", "classes");
  });
});
