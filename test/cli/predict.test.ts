import { readFileSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { PREDICTION_FORMATS } from "../../src/report/predictions/formats.js";
import { makeDomains, sceneImage, sceneLabel, writeImage } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

const SIZE = { width: 160, height: 140 };
let root: string;
let run: string;
let model: string;
let photos: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "cfcontra-"));
  await makeDomains(root);
  [run, model, photos] = [join(root, "run"), join(root, "model.onnx"), join(root, "photos")];
  const sizes = { source: [64, 32], target: [64, 32], evaluate: [160, 140] };
  const path = await preset(root, tiny(root, { sizes }));
  expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
  expect((await cli("export", run, "--out", model)).code).toBe(0);
  for (const name of ["a.png", "b/a.jpg"]) {
    await writeImage(join(photos, name), sceneImage(sceneLabel(1, SIZE), 1), SIZE);
  }
});
afterAll(() => rm(root, { recursive: true, force: true }));

test.each(PREDICTION_FORMATS)("predict writes %s, by a run and by a model", async (format) => {
  for (const [by, network] of [
    ["run", [run]],
    ["onnx", ["--onnx", model]],
  ] as const) {
    const out = join(root, `${format}-${by}`);
    const options = ["--format", format, "--out", out, "--json"];
    const { code, out: printed } = await cli("predict", ...network, photos, ...options);
    expect(code).toBe(0);
    const { images, files = [] } = JSON.parse(printed);
    expect(images.map(({ image }: { image: string }) => image)).toEqual(
      ["a.png", "b/a.jpg"].map((name) => join(photos, name)),
    );
    const written = [...files, ...images.flatMap(({ labels = [] }) => labels)];
    expect(written.length).toBeGreaterThan(0);
    for (const file of written) expect((await readFile(file)).length).toBeGreaterThan(0);
  }
});

test("a glob names the images of predict, and one that matches nothing is refused", async () => {
  const out = join(root, "globbed");
  const found = await cli("predict", run, join(photos, "**", "*.jpg"), "--out", out, "--json");
  expect(JSON.parse(found.out).images.map(({ labels }: { labels: string }) => labels)).toEqual([
    join(out, "b", "a.png"),
  ]);
  const pattern = join(photos, "*.tif");
  expectError(await cli("predict", run, pattern, "--out", out), "no-images", pattern);
});

test("predict does not replace files, and says so before it opens the network", async () => {
  const out = join(root, "corrected");
  const labelme = ["--format", "labelme", "--out", out];
  expect((await cli("predict", run, photos, ...labelme)).code).toBe(0);
  const file = join(out, "a.json");
  await writeFile(file, "corrected by hand");
  const none = join(root, "no-run");
  expectError(await cli("predict", none, photos, ...labelme), "already-exists", file, "1 more");
  const one = join(photos, "a.png");
  expectError(await cli("predict", none, one, ...labelme), "already-exists", file, "--out");
  expect(readFileSync(file, "utf8")).toBe("corrected by hand");
  expect((await cli("predict", run, one, "--format", "coco", "--out", out)).code).toBe(0);
});

describe("--tile", () => {
  test("of the image's size gives the same labels and scores", async () => {
    const labels = async (name: string, ...args: string[]) => {
      const out = join(root, name);
      const { code } = await cli("predict", ...args, join(photos, "a.png"), "--out", out);
      expect(code).toBe(0);
      return readFileSync(join(out, "a.png"));
    };
    const tile = ["--tile", "160x140"];
    expect(await labels("tiled", run, ...tile)).toEqual(await labels("whole", run));
    const onnx = ["--onnx", model];
    expect(await labels("onnx-tiled", ...onnx, ...tile)).toEqual(await labels("onnx", ...onnx));

    const scores = async (...args: string[]) =>
      JSON.parse((await cli("evaluate", run, "--json", ...args)).out);
    const [whole, tiled] = [await scores(), await scores(...tile)];
    expect(tiled.protocol.tile).toEqual(SIZE);
    expect(tiled.scores.camvid.miou).toBeCloseTo(whole.scores.camvid.miou, 3);
    const smaller = await scores("--tile", "128x128");
    expect(smaller.scores.camvid.miou).not.toBe(whole.scores.camvid.miou);
  });

  test.each(["100x200", "200", "200x", "0x0", "1e9x200"])("%s is refused", async (value) => {
    const outcome = await cli("predict", run, photos, "--tile", value);
    expectError(outcome, "invalid-value", `--tile ${value}`, "128");
  });
});

test("an unreadable image leaves no file of all images", async () => {
  const broken = join(root, "broken");
  await writeImage(join(broken, "a.png"), sceneImage(sceneLabel(1, SIZE), 1), SIZE);
  await writeFile(join(broken, "b.png"), "no image");
  for (const format of ["cvat", "coco", "label-studio"]) {
    const out = join(root, `broken-${format}`);
    const outcome = await cli("predict", run, broken, "--format", format, "--out", out);
    expectError(outcome, "image-unreadable", "b.png");
    await expect(readFile(join(out, "cvat.zip"))).rejects.toThrow();
    await expect(readFile(join(out, `${format}.json`))).rejects.toThrow();
  }
});
