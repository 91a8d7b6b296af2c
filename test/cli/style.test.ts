import { existsSync, statSync } from "node:fs";
import { cp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { backbones } from "../../src/network/index.js";
import { createParameters, heInit } from "../../src/nn/index.js";
import { edgeCorrelation, loadCoder } from "../../src/style/index.js";
import { dispose, readSafetensors, writeSafetensors } from "../../src/torch/index.js";
import {
  fixtureSize,
  inTemporaryFolder,
  makeDomains,
  sceneImage,
  sceneLabel,
  writeImage,
  writeLabel,
} from "../datasets/fixtures.js";
import { colored, file, images } from "../datasets/tools/export.js";
import { cli, expectError, preset, tiny } from "./cli.js";

const training = { width: 0.05, reproduce: 2, steps: 2, batch: 1, crop: 16 };

async function onFixtures<T>(use: (root: string, path: string) => Promise<T>): Promise<T> {
  return inTemporaryFolder(async (root) => {
    await makeDomains(root);
    return use(
      root,
      await preset(root, tiny(root, { method: "source-only", style: { training } })),
    );
  });
}

const files = async (folder: string) =>
  (await readdir(folder, { recursive: true })).filter((name) => name.endsWith(".png")).sort();

test("apply writes a copy in the same layout, continues where it stopped, and the copy trains", async () => {
  await onFixtures(async (root, path) => {
    const [from, out] = [join(root, "gta5"), join(root, "restyled")];
    const apply = (...args: string[]) => cli("style", "apply", path, "--out", out, ...args);
    const first = await apply("--style", "color", "--limit", "2", "--measure");
    expect(first.err).not.toMatch(/error/);
    expect(first.out).toMatch(/2 images restyled .*\n.*edge correlation .* median [01]\.\d{3}/);
    const image = join(out, "images", (await readdir(join(out, "images")))[0] as string);
    const before = statSync(image);

    const second = await apply("--style", "color");
    expect(second.out).toMatch(/1 images restyled .*, 2 already existed/);
    expect(statSync(image).mtimeMs).toBe(before.mtimeMs);
    const third = await apply("--style", "color", "--measure");
    expect(third.out).toMatch(/0 images restyled .*, 3 already existed/);
    expect(third.out).toMatch(/edge correlation .* median [01]\.\d{3}/);
    expect(await files(out)).toEqual(await files(from));
    for (const name of await files(join(from, "labels"))) {
      const ino = (folder: string) => statSync(join(folder, "labels", name)).ino;
      expect(ino(out)).toBe(ino(from));
    }
    const name = (await readdir(join(from, "images")))[0] as string;
    const [old, made] = [from, out].map((folder) => join(folder, "images", name));
    const size = async (file?: string) => {
      const { width, height } = await sharp(file).metadata();
      return [width, height];
    };
    expect(await size(made)).toEqual(await size(old));
    expect((await readFile(made as string)).equals(await readFile(old as string))).toBe(false);

    expectError(await apply("--style", "coral"), "already-exists", out, "restyled.json", "--out");
    const train = ["train", "--preset", path, "--out", join(root, "run")];
    const trained = await cli(...train, "--set", `source.root=${out}`);
    expect(trained.code).toBe(0);
  });
});

test("apply copies the training set, even if an evaluation set has the same name", async () => {
  await onFixtures(async (root) => {
    const other = { type: "camvid", root: join(root, "camvid"), classes: "cityscapes" };
    const path = await preset(root, tiny(root, { evaluate: { source: other } }), "shadowed");
    const copied = async (...args: string[]) => {
      const out = join(root, `restyled-${args.length}`);
      return (await cli("style", "apply", path, "--out", out, "--style", "color", ...args)).out;
    };
    expect(await copied()).toMatch(/^gta5 [\s\S]*--set source\.root=/);
    expect(await copied("--set-of", "evaluate.source")).toMatch(
      /^camvid [\s\S]*--set evaluate\.source\.root=/,
    );
  });
});

test("apply refuses to overwrite its data, a missing style, and unknown names", async () => {
  await onFixtures(async (root, path) => {
    const apply = (...args: string[]) => cli("style", "apply", path, ...args);
    const out = join(root, "restyled");
    const gta5 = join(root, "gta5");
    const inside = await apply("--out", gta5, "--style", "color");
    expectError(inside, "conflicting-options", `--out ${gta5}`, `data set ${gta5}`);
    expectError(await apply("--out", out), "conflicting-options", "style.method none", "--style");
    const misspelt = await apply("--out", out, "--style", "colour");
    expectError(misspelt, "invalid-value", "style.method", "did you mean color");
    const night = await apply("--out", out, "--style", "color", "--set-of", "night");
    expectError(night, "unknown-name", "night", "source, target, camvid");
    expect(existsSync(out)).toBe(false);
  });
});

test("apply copies what reading the set needs, and refuses a set that reaches out of its root", async () => {
  await onFixtures(async (root) => {
    const [set, photos, out] = [join(root, "set"), join(root, "photos"), join(root, "restyled")];
    await writeImage(join(set, "images", "a.png"), sceneImage(sceneLabel(0), 0), fixtureSize);
    await writeLabel(join(set, "labels", "a.png"), sceneLabel(0), fixtureSize);
    const ids = [...Array(19).keys(), 255];
    await writeFile(join(set, "map.yaml"), ids.map((id) => `${id}: ${id}\n`).join(""));
    const source = { type: "folder", root: set, classes: "cityscapes", mapping: "map.yaml" };
    const path = await preset(root, tiny(root, { source }));
    const apply = (...changes: string[]) => {
      const sets = changes.flatMap((change) => ["--set", `source.${change}`]);
      return cli("style", "apply", path, "--out", out, "--style", "color", ...sets);
    };
    await cp(join(set, "images"), photos, { recursive: true });
    await cp(join(set, "map.yaml"), join(root, "map.yaml"));
    const refused = async (change: string, ...names: string[]) => {
      expectError(await apply(change), "dataset-layout", ...names);
      expect(existsSync(out)).toBe(false);
    };
    await refused("images=../photos", join(photos, "a.png"), set);
    await refused("mapping=../map.yaml", join(root, "map.yaml"), set);

    const { code, out: said } = await apply();
    expect(code).toBe(0);
    const [, copy = ""] = /--set (source\.root=\S+)/.exec(said) ?? [];
    const check = ["data", "check", path, "--out", join(root, "sheet.png"), "--set", copy];
    expect((await cli(...check)).code).toBe(0);
  });
});

test("apply refuses options that would lead its copy to the original images", async () => {
  await onFixtures(async (root) => {
    const [set, out] = [join(root, "export"), join(root, "restyled")];
    const rows = Array.from({ length: 6 }, () => "aaaabbbb");
    await images(set, "photos/a.png");
    await file(set, "SegmentationClass/a.png", colored(rows, { a: [0, 0, 9], b: [250, 50, 83] }));
    await file(set, "labelmap.txt", "car:250,50,83::\nlane:0,0,9::\n");
    const source = { type: "cvat-mask", root: set, classes: ["car", "lane"], unlabelled: "ignore" };
    const apply = async (photos: string) => {
      const path = await preset(root, tiny(root, { source: { ...source, images: photos } }));
      return cli("style", "apply", path, "--out", out, "--style", "color");
    };
    const absolute = join(set, "photos");
    expectError(await apply(absolute), "dataset-layout", `images: ${absolute}`, "images: photos");
    expect(existsSync(out)).toBe(false);
    expectError(await apply("photos"), "class-mismatch"); // those of the target
  });
});

test("train writes a coder that preview and apply read", async () => {
  await onFixtures(async (root, path) => {
    const coder = join(root, "coder.safetensors");
    expect((await cli("style", "train", path, "--out", coder)).out).toMatch(
      /width 0\.05 of VGG-19/,
    );
    expectError(
      await cli("style", "train", path, "--out", coder),
      "already-exists",
      coder,
      "--out",
    );
    const use = ["--set", `style.coder=${coder}`];
    const sheet = join(root, "sheet.png");
    const preview = await cli("style", "preview", path, "--count", "2", "--out", sheet, ...use);
    expect(preview.err).toBe("");
    for (const name of ["color", "coral", "fourier", "histogram", "adain"]) {
      expect(preview.out).toMatch(new RegExp(`^${name} +-?[01]\\.\\d{3} `, "m"));
    }
    expect((await sharp(sheet).metadata()).width).toBeGreaterThan(6 * 64);
    const unknown = await cli("style", "preview", path, "--styles", "adian");
    expectError(unknown, "unknown-name", "--styles adian", "did you mean adain");
    const out = join(root, "restyled");
    const applied = await cli("style", "apply", path, "--out", out, "--style", "adain", ...use);
    expect(applied.err).toBe("");
    await rm(out, { recursive: true });
  });
});

test("train makes a decoder for a MobileNetV2, and apply reads both or trains its own", async () => {
  await onFixtures(async (root, path) => {
    const [encoder, coder] = ["mobilenetv2", "coder"].map((name) =>
      join(root, `${name}.safetensors`),
    ) as [string, string];
    const parameters = createParameters();
    const options = { width: 0.35, init: heInit, outputStride: 16 } as const;
    backbones.mobilenetv2.create(parameters, options);
    writeSafetensors(encoder, parameters.all);
    dispose(parameters.all);
    const given = ["--set", `style.coder={ encoder: ${encoder}, input: tensorflow }`];
    const train = ["style", "train", path, "--set", "style.training.width=null"];
    const made = await cli(...train, "--out", coder, ...given);
    expect(made.out, made.err).toMatch(/width 0\.35 of MobileNetV2/);
    const { parameters: read, kind, width, input } = loadCoder(coder);
    expect({ kind, width, input }).toEqual({
      kind: "mobilenetv2",
      width: 0.35,
      input: "tensorflow",
    });
    dispose(read.all);
    const other = join(root, "other.safetensors");
    expect((await cli(...train, "--out", other, "--encoder", encoder)).code).toBe(0);
    expect(readSafetensors(other).metadata).toMatchObject({ input: "torchvision" });

    const apply = async (name: string, ...set: string[]) => {
      const style = ["--style", "adain", "--set", "style.training.width=null", ...set];
      const out = join(root, name);
      const { code, err } = await cli("style", "apply", path, "--out", out, ...style);
      expect(code, err).toBe(0);
      return readFile(join(out, "images", (await readdir(join(out, "images")))[0] as string));
    };
    const byFile = await apply("by-file", "--set", `style.coder=${coder}`);
    expect(byFile.equals(await apply("trained", ...given))).toBe(true); // the same seed
    const saved = readSafetensors(join(root, "trained", "coder.safetensors"));
    expect(saved.metadata).toMatchObject({ kind: "mobilenetv2", input: "tensorflow" });
  });
});

test("edges correlate with themselves whatever their strength, and not with other edges", () => {
  const [width, height] = [32, 24];
  const picture = (value: (x: number, y: number) => number) => ({
    ...{ width, height },
    image: Uint8Array.from({ length: width * height * 3 }, (_, i) => {
      const pixel = Math.floor(i / 3);
      return value(pixel % width, Math.floor(pixel / width));
    }),
  });
  const upright = picture((x) => (x < 10 ? 40 : 200));
  expect(edgeCorrelation(upright, upright)).toBeCloseTo(1);
  expect(
    edgeCorrelation(
      upright,
      picture((x) => (x < 10 ? 120 : 100)),
    ),
  ).toBeCloseTo(1);
  expect(
    Math.abs(
      edgeCorrelation(
        upright,
        picture((x) => (x < 22 ? 40 : 200)),
      ),
    ),
  ).toBeLessThan(0.2);
  expect(
    edgeCorrelation(
      upright,
      picture(() => 9),
    ),
  ).toBe(0);
});
