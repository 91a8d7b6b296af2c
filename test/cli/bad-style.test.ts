import { spawn } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as pause } from "node:timers/promises";
import sharp, { type Sharp } from "sharp";
import { describe, expect, test } from "vitest";
import { createCoder, saveCoder } from "../../src/style/index.js";
import { dispose, keep, scope, writeSafetensors, zeros } from "../../src/torch/index.js";
import { inTemporaryFolder, makeCamvid, makeGta5 } from "../datasets/fixtures.js";
import { BIN, cli, expectError, preset, tiny } from "./cli.js";

const SIZE = { width: 64, height: 32 };

/** A configuration whose target is the folder `camera`, with `images` PNG files in it. */
async function withCamera<T>(
  images: readonly Sharp[],
  use: (root: string, path: string) => Promise<T>,
): Promise<T> {
  return inTemporaryFolder(async (root) => {
    await Promise.all([makeGta5(join(root, "gta5"), 3), makeCamvid(join(root, "camvid"), 2)]);
    const camera = join(root, "camera");
    await mkdir(join(camera, "images"), { recursive: true });
    for (const [i, image] of images.entries()) {
      await image.png().toFile(join(camera, "images", `${i}.png`));
    }
    const coder = join(root, "coder.safetensors");
    saveInitial(coder);
    const config = tiny(root, {
      method: "source-only",
      target: { type: "folder", root: camera, classes: "cityscapes" },
      style: { method: "adain", coder },
    });
    return use(root, await preset(root, config));
  });
}

function saveInitial(path: string): void {
  const coder = createCoder(0.05);
  saveCoder(path, coder);
  dispose(coder.parameters.all);
}

const grey = (width: number, height: number) =>
  sharp({ create: { width, height, channels: 3, background: "#808080" } });
const apply = (path: string, root: string, ...more: string[]) =>
  cli("style", "apply", path, "--out", join(root, "restyled"), ...more);

test("an image that is too small for the encoder is named, with the size that it needs", async () => {
  await withCamera([grey(64, 32), grey(64, 32)], async (root, path) => {
    const small = ["--set", "sizes.target=[8,8]"];
    expectError(await apply(path, root, ...small), "invalid-value", "sizes.target.width", "16");
    await grey(20, 12).png().toFile(join(root, "camera/images/0.png"));
    await grey(20, 12).png().toFile(join(root, "camera/images/1.png"));
    const outcome = await apply(path, root);
    expectError(outcome, "size-mismatch", "20x12", "16x16", "exclude");
    expect(outcome.err).toMatch(/^error: [01] /);
  });
});

test("grey, uniform and transparent images can be styles", async () => {
  const transparent = sharp({
    create: { ...SIZE, channels: 4, background: { r: 255, g: 0, b: 0, alpha: 0.2 } },
  });
  const images = [grey(64, 32).greyscale(), transparent, grey(64, 32).toColourspace("b-w")];
  await withCamera(images, async (root, path) => {
    for (const style of ["adain", "color", "coral", "fourier", "histogram"]) {
      const out = join(root, style);
      const { code, err } = await cli("style", "apply", path, "--out", out, "--style", style);
      expect([style, code, err]).toEqual([style, 0, ""]);
      for (const name of readdirSync(join(out, "images"))) {
        const { channels, width, height } = await sharp(join(out, "images", name)).metadata();
        expect({ channels, width, height }).toEqual({ channels: 3, ...SIZE });
      }
    }
  });
});

test("refuses a decoder in place of an encoder, and a file that is not a coder", async () => {
  await withCamera([grey(64, 32), grey(64, 32)], async (root, path) => {
    const coder = join(root, "coder.safetensors");
    const published = `style.coder={ encoder: ${coder}, decoder: ${coder} }`;
    const mixed = await apply(path, root, "--set", published);
    expectError(mixed, "weights-mismatch", coder, "vgg_normalised.pth");
    await writeFile(coder, "not a coder");
    const broken = await apply(path, root, "--set", `style.coder=${coder}`);
    expectError(broken, "damaged-file", coder, "safetensors");
  });
});

describe("an encoder that does not fit is one clear error:", () => {
  const files: Record<string, Record<string, readonly number[]>> = {
    resnet: { "layer1.0.conv1.weight": [64, 64, 3, 3], "fc.weight": [10, 512] },
    mobilenetv3: { "features.1.block.0.0.weight": [16, 1, 3, 3] },
    vgg: { "features.0.weight": [64, 3, 3, 3], "features.28.weight": [512, 512, 3, 3] },
    decoder: { "1.weight": [256, 512, 3, 3], "28.weight": [3, 64, 3, 3] },
    adain: { "0.weight": [3, 3, 1, 1], "28.weight": [512, 512, 3, 3] },
    mobilenetv2: { "features.17.conv.2.weight": [320, 960, 1, 1] },
    unknown: { "fc1.weight": [10, 5] },
  };
  test.each([
    ["resnet", "", "weights-mismatch", "ResNet", "MobileNetV2"],
    ["mobilenetv3", "", "weights-mismatch", "MobileNetV3", "MobileNetV2"],
    ["vgg", "", "weights-mismatch", "VGG without normalisation", "vgg_normalised.pth"],
    ["decoder", "", "weights-mismatch", "AdaIN's decoder", "vgg_normalised.pth"],
    ["unknown", "", "weights-mismatch", "vgg_normalised.pth"],
    ["mobilenetv2", "", "weights-mismatch", "features.0.0.weight", "MobileNetV2"], // incomplete
    ["mobilenetv2", "decoder: decoder.pth", "conflicting-options", "style.coder.decoder"],
    ["adain", "input: caffe", "conflicting-options", "style.coder.input"],
    ["mobilenetv2", "input: bgr", "invalid-value", "style.coder", "caffe"],
  ] as const)("%s %s", async (name, more, code, ...words) => {
    await withCamera([grey(64, 32)], async (root, path) => {
      const encoder = written(root, name);
      const set = `style.coder={ encoder: ${encoder}, ${more} }`;
      const outcome = await apply(path, root, "--set", set);
      expectError(outcome, code, ...(code === "weights-mismatch" ? [encoder] : []), ...words);
    });
  });

  test.each([
    ["decoder: decoder.pth", "steps=3", "style.training"],
    ["", "reproduce=3", "style.training.reproduce"],
    ["", "width=0.5", "style.training.width"],
  ])("adain %s, with a training it does not have: %s", async (more, training, word) => {
    await withCamera([grey(64, 32)], async (root, path) => {
      const set = `style.coder={ encoder: ${written(root, "adain")}, ${more} }`;
      const changes = ["--set", set, "--set", `style.training.${training}`];
      expectError(await apply(path, root, ...changes), "conflicting-options", word);
    });
  });

  /** A file with tensors of these shapes. */
  function written(root: string, name: string): string {
    const path = join(root, `${name}.safetensors`);
    const tensors = scope(
      () => new Map(Object.entries(files[name] ?? {}).map(([key, of]) => [key, keep(zeros(of))])),
    );
    writeSafetensors(path, tensors);
    dispose(tensors);
    return path;
  }
});

test("style train refuses a coder that it would not use", async () => {
  await withCamera([grey(64, 32), grey(64, 32)], async (root, path) => {
    const coder = join(root, "coder.safetensors");
    const training = (...more: string[]) =>
      cli("style", "train", path, "--out", join(root, "new.safetensors"), ...more);
    const given = ["--set", `style.coder=${coder}`];
    expectError(await training(...given), "conflicting-options", "style.coder", "--out");
    const both = `style.coder={ encoder: ${coder}, decoder: ${coder} }`;
    expectError(await training("--set", both), "conflicting-options", "{ encoder: FILE }");
    const twice = await training(...given, "--encoder", coder);
    expectError(twice, "conflicting-options", "--encoder");
  });
});

test("a killed apply leaves only complete images, and the next one continues", async () => {
  await withCamera([grey(64, 32), grey(64, 32)], async (root, path) => {
    const count = 40;
    await makeGta5(join(root, "gta5"), count);
    const out = join(root, "restyled");
    const args = ["style", "apply", path, "--out", out];
    const child = spawn(process.execPath, [BIN, ...args], {
      stdio: ["ignore", "ignore", "inherit"],
    });
    const ended = new Promise((resolve) => child.once("exit", resolve));
    const images = () => (existsSync(join(out, "images")) ? readdirSync(join(out, "images")) : []);
    const whole = () => images().filter((name) => name.endsWith(".png"));
    while (whole().length < 10 && child.exitCode === null) await pause(2);
    child.kill("SIGKILL");
    await ended;
    const kept = whole();
    expect(kept.length).toBeGreaterThanOrEqual(10);
    for (const name of kept)
      await sharp(join(out, "images", name))
        .raw()
        .toBuffer();
    const { code, out: said } = await cli(...args);
    expect(code).toBe(0);
    expect(said).toContain(`${kept.length} already existed`);
    expect(whole()).toHaveLength(count);
  });
});
