import { spawnSync } from "node:child_process";
import { cpSync, existsSync, mkdirSync, readdirSync, symlinkSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import sharp from "sharp";
import { afterAll, beforeAll, expect, test } from "vitest";
import { modelInfo } from "../../src/export/index.js";
import { makeDomains } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url));
let root: string;
let run: string;
let photo: string;
let model: string;

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "cfcontra-"));
  [run, photo, model] = [join(root, "run"), join(root, "photo.png"), join(root, "model.onnx")];
  await makeDomains(root);
  const path = await preset(root, tiny(root));
  expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
  const noise = { mean: 120, sigma: 60, type: "gaussian" } as const;
  const create = { width: 150, height: 90, channels: 3, background: "#888", noise } as const;
  await sharp({ create }).blur(3).png().toFile(photo);
});
afterAll(() => rm(root, { recursive: true }));

/** The labels that a command wrote for the photo. */
const labelsIn = (folder: string) =>
  sharp(join(folder, "photo.png")).raw().toBuffer({ resolveWithObject: true });

test("export writes a model with its metadata, and compares it with the network", async () => {
  const { code, out, err } = await cli("export", run, "--out", model);
  expect(err).toBe("");
  expect(code).toBe(0);
  expect(out).toMatch(/model\.onnx: \d\.\d MB, 19 classes; .* agree in (100\.00|99\.9\d) %/);
  const info = modelInfo(await readFile(model));
  expect(info?.classes[10]).toEqual({ name: "sky", color: [70, 130, 180] });
  expect(info?.size).toEqual({ width: 64, height: 32 });
  expect(info?.input.order).toBe("bgr");
});

test("predict --onnx gives the same labels as predict", async () => {
  const [ours, theirs, argmax] = ["ours", "theirs", "argmax"].map((name) => join(root, name));
  // At the size that the network sees, both upsample its logits once.
  await sharp(photo).resize(64, 32, { fit: "fill" }).toFile(join(root, "small.png"));
  await rm(photo);
  await sharp(join(root, "small.png")).toFile(photo);
  expect((await cli("predict", run, photo, "--out", ours as string)).code).toBe(0);
  expect((await cli("predict", "--onnx", model, photo, "--out", theirs as string)).code).toBe(0);
  const small = join(root, "small.onnx");
  expect((await cli("export", run, "--out", small, "--argmax", "--float16")).code).toBe(0);
  expect((await cli("predict", "--onnx", small, photo, "--out", argmax as string)).code).toBe(0);
  const wanted = await labelsIn(ours as string);
  expect(new Set(wanted.data).size).toBeGreaterThan(1);
  for (const folder of [theirs, argmax]) {
    const found = await labelsIn(folder as string);
    expect(found.info).toEqual(wanted.info);
    const equal = found.data.filter((label, i) => label === wanted.data[i]).length;
    expect(equal / wanted.data.length).toBeGreaterThan(0.995);
  }
  expect(readdirSync(theirs as string).sort()).toEqual(["photo-overlay.jpg", "photo.png"]);
});

test.each(["run", "onnx"])(
  "predict of a %s replaces no image, and leaves no empty folder",
  async (by) => {
    const predict = (...args: string[]) =>
      by === "run" ? cli("predict", run, ...args) : cli("predict", "--onnx", model, ...args);
    const photos = join(root, `photos-${by}`);
    mkdirSync(join(photos, "night"), { recursive: true });
    for (const path of ["a.png", "night/a.png"]) cpSync(photo, join(photos, path));
    const bytes = await readFile(photo);
    for (const [images, out] of [
      [photos, photos],
      [photos, root],
      [photos, join(photos, "predictions")],
      [join(photos, "a.png"), photos],
    ] as const) {
      const { code, err } = await predict(images, "--out", out);
      expect([code, err]).toEqual([1, expect.stringContaining(out)]);
    }
    expect(readdirSync(photos).sort()).toEqual(["a.png", "night"]);
    expect(await readFile(join(photos, "a.png"))).toEqual(bytes);

    const out = join(root, `labels-${by}`);
    await writeFile(join(photos, "a.png"), "");
    expect((await predict(join(photos, "a.png"), "--out", out)).err).toContain("a.png");
    expect(existsSync(out)).toBe(false);
    await rm(join(photos, "a.png"));
    cpSync(photo, join(photos, "night_a.png"));
    expect((await predict(photos, "--out", out)).code).toBe(0);
    expect(readdirSync(out).sort()).toEqual(["night", "night_a-overlay.jpg", "night_a.png"]);
    expect(readdirSync(join(out, "night")).sort()).toEqual(["a-overlay.jpg", "a.png"]);
  },
);

test("predict --onnx needs no libtorch, no compiler and no addon", () => {
  const installed = join(root, "installed"); // as npm installs it, but without its build/
  for (const part of ["bin", "dist", "presets", "setup", "package.json"]) {
    cpSync(join(checkout, part), join(installed, part), { recursive: true });
  }
  symlinkSync(join(checkout, "node_modules"), join(installed, "node_modules"));
  const env = { PATH: "/nowhere", LIBTORCH: "/nowhere" };
  const start = (...args: string[]) =>
    spawnSync(process.execPath, [join(installed, "bin/cfcontra.js"), ...args], {
      encoding: "utf8",
      env,
    });
  const out = join(root, "bare");
  const predicted = start("predict", "--onnx", model, photo, "--out", out);
  expect(predicted.stderr).toBe("");
  expect(predicted.stdout).toBe(`1 images labelled in ${out}\n`);
  expect(start("evaluate", run).status).toBe(1); // which needs them
});

test("without ONNX Runtime predict --onnx asks for it, and export compares nothing", () => {
  const installed = join(root, "without-runtime");
  for (const part of ["dist", "presets", "package.json", "build/torch.node"]) {
    cpSync(join(checkout, part), join(installed, part), { recursive: true });
  }
  const packages = join(installed, "node_modules");
  mkdirSync(packages);
  for (const name of readdirSync(join(checkout, "node_modules"))) {
    if (name.startsWith("onnxruntime-")) continue;
    symlinkSync(join(checkout, "node_modules", name), join(packages, name));
  }
  const program = `
    import { main } from ${JSON.stringify(join(installed, "dist/cli/main.js"))};
    process.exitCode = await main(process.argv.slice(1));`;
  const start = (...args: string[]) =>
    spawnSync(process.execPath, ["--input-type=module", "-e", program, "--", ...args], {
      encoding: "utf8",
    });
  const predicted = start("predict", "--onnx", model, photo, "--out", join(root, "nothing"));
  expect([predicted.status, predicted.stderr]).toEqual([
    1,
    expect.stringMatching(
      /^error: onnxruntime-node.* is not installed: run `npm install --ignore-scripts onnxruntime-node@1\.\d+\.\d+`\n$/,
    ),
  ]);
  const page = start("playground", model, "--out", join(root, "no-page"));
  expect(page.stderr).toMatch(/onnxruntime-web.* is not installed: run `npm install/);
  const file = join(root, "unchecked.onnx");
  const exported = start("export", run, "--out", file, "--json");
  expect(exported.stderr).toBe("");
  expect(JSON.parse(exported.stdout)).toMatchObject({ file, agreement: null });
  expect(start("export", run, "--out", file).stdout).toMatch(
    /unchecked\.onnx: .*; not compared with libtorch, since onnxruntime-node is not installed/,
  );
});

test.each([
  ["two storage types", ["--float16", "--int8"], "conflicting-options", ["--float16", "--int8"]],
  [
    "coarse labels",
    ["--argmax", "--no-upsample"],
    "conflicting-options",
    ["--argmax", "--no-upsample"],
  ],
  [
    "an unknown key",
    ["--set", "network.with=1"],
    "unknown-key",
    ["network.with", "did you mean width"],
  ],
] as const)("export refuses %s", async (_, args, error, names) => {
  const out = join(root, "refused.onnx");
  expectError(await cli("export", run, "--out", out, ...args), error, ...names);
  expect(readdirSync(root)).not.toContain("refused.onnx");
});

test("export refuses a run that restyles what it predicts", async () => {
  const path = await preset(root, tiny(root, { style: { method: "color", domains: "both" } }));
  const styled = join(root, "styled");
  const trained = await cli("train", "--preset", path, "--out", styled);
  expect(trained.err).not.toMatch(/error/);
  const refused = await cli("export", styled, "--out", join(root, "styled.onnx"));
  expectError(refused, "not-supported", styled, "style.method: color", "--set style.method=none");
  expect((await cli("export", styled, "--out", model, "--set", "style.method=none")).code).toBe(0);
});

test.each([
  ["a missing file", "absent.onnx", undefined, "not-found", "export"],
  ["a file of another kind", "text.onnx", "no model at all", "unsupported-file", ""],
  ["an empty file", "empty.onnx", "", "unsupported-file", "cfcontra export"],
] as const)("predict --onnx refuses %s", async (_, name, text, error, reason) => {
  const file = join(root, name);
  if (text !== undefined) await writeFile(file, text);
  const outcome = await cli("predict", "--onnx", file, photo);
  expectError(outcome, error, file, reason);
  expect(outcome.err.trim().split("\n")).toHaveLength(1);
});

test("predict without images asks for them", async () => {
  expectError(await cli("predict", run), "conflicting-options", `predict ${run}`, "images");
});
