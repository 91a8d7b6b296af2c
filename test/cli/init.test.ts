import { readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import {
  cityscapesId,
  fixtureSize,
  inTemporaryFolder,
  makeCamvid,
  makeCityscapes,
  makeGta5,
  sceneImage,
  sceneLabel,
  writeImage,
  writeLabel,
} from "../datasets/fixtures.js";
import { colored, file, images, mask } from "../datasets/tools/export.js";
import { cli, expectError } from "./cli.js";

/** Runs `init` without a terminal, and reads the preset. */
async function init(
  root: string,
  source: string,
  target: string,
  evaluate?: string,
  name = "mine",
) {
  const path = join(root, `${name}.yaml`);
  const folders = [join(root, source), join(root, target)];
  const measured = evaluate === undefined ? [] : ["--evaluate", join(root, evaluate)];
  const outcome = await cli("init", ...folders, ...measured, "--out", path, "--yes");
  const text = outcome.code === 0 ? await readFile(path, "utf8") : "";
  return { ...outcome, path, text, config: parse(text) };
}

/** The exit codes of `data check` for sets of a preset. */
const checks = async (root: string, path: string, ...sets: readonly string[]) => {
  const codes: number[] = [];
  for (const name of sets) {
    const out = join(root, "sheet.png");
    codes.push((await cli("data", "check", path, "--set-of", name, "--out", out)).code);
  }
  return codes;
};

/** Scenes in a plain pair of folders. */
async function writePair(
  root: string,
  folders: readonly [string, string],
  suffix = "",
  ids = cityscapesId,
) {
  for (const index of [0, 1, 2]) {
    const label = sceneLabel(index);
    const stem = `drive/${String(index).padStart(4, "0")}`;
    await writeImage(join(root, folders[0], `${stem}.jpg`), sceneImage(label, index), fixtureSize);
    const values = label.map((id) => ids[id] ?? 0);
    await writeLabel(join(root, folders[1], `${stem}${suffix}.png`), values, fixtureSize);
  }
}

describe("init", () => {
  test("a plain pair of folders: values with shares, placeholders for their names", () =>
    inTemporaryFolder(async (root) => {
      await writePair(join(root, "simulator"), ["rgb", "seg"], "_ids");
      await writePair(join(root, "camera"), ["frames", "none"]);
      await rm(join(root, "camera", "none"), { recursive: true });
      const { code, out, text, config, path } = await init(root, "simulator", "camera");
      expect(code).toBe(0);
      const { classes, ...source } = config.source;
      expect(source).toEqual({
        type: "folder",
        root: join(root, "simulator"),
        images: "rgb",
        labels: "seg",
        labelSuffix: "_ids",
        mapping: {
          0: "class 0",
          7: "class 7",
          11: "class 11",
          21: "class 21",
          23: "class 23",
          26: "class 26",
        },
      });
      expect(classes).toHaveLength(6);
      expect(config.target).toEqual({
        type: "folder",
        root: join(root, "camera"),
        images: "frames",
        labelled: false,
        classes,
      });
      expect(Object.keys(config.evaluate)).toEqual(["source"]);
      // 64 x 32: the sky has 12 of 32 rows (0.35 x 32 = 11.2), but for the pixel that is ignored.
      const sky = ((12 * 64 - 1) / (64 * 32)) * 100;
      expect(text).toContain(`23: class 23 # ${sky.toFixed(1)} %, FILL IN`);
      expect(out).toContain("source.mapping: name 0, 7, 11, 21, 23, 26");
      expect(text).toContain(
        "mapping: # shares of the pixels in 3 label files; examples: mine-source-values.png",
      );
      const { format, width } = await sharp(join(root, "mine-source-values.png")).metadata();
      expect([format, width]).toEqual(["png", 2 * 24 + 4 * 280 + 3 * 16]);
      expect(out).toContain(`npx cfcontra data check ${path} --set-of source`);
      expect(await checks(root, path, "source", "target")).toEqual([0, 0]);
    }));

  test("images that are not annotated yet are left out", () =>
    inTemporaryFolder(async (root) => {
      await writePair(join(root, "simulator"), ["images", "labels"]);
      await writePair(join(root, "camera"), ["images", "labels"]);
      const folder = join(root, "simulator", "labels", "drive");
      const [first] = await readdir(folder);
      await rm(join(folder, first as string));
      const { code, text, config, path } = await init(root, "simulator", "camera");
      expect(code).toBe(0);
      expect(config.source).toMatchObject({ type: "folder", labelled: "some" });
      expect(config.target).toMatchObject({ labelled: false });
      expect(text).toContain("# the images that have a label; those without one are left out");
      expect(text).toContain("source: &source # labelled: 2 images");
      expect(await checks(root, path, "source", "target")).toEqual([0, 0]);
    }));

  test("published sets: known classes, no placeholders, and the splits for training and evaluation", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(join(root, "gta5"), 2);
      await makeCityscapes(join(root, "cityscapes"), 2, "train");
      await makeCityscapes(join(root, "cityscapes"), 2, "val");
      await makeCamvid(join(root, "camvid"), 2);
      const { config, text, out, path } = await init(root, "gta5", "cityscapes", "cityscapes");
      expect(config.source).toEqual({
        type: "gta5",
        root: join(root, "gta5"),
        classes: "cityscapes",
      });
      expect(config.target).toMatchObject({ type: "cityscapes", split: "train", labelled: false });
      expect(config.evaluate.camera).toMatchObject({ type: "cityscapes", split: "val" });
      expect(text + out).not.toContain("FILL IN");
      expect(await checks(root, path, "source", "target", "camera")).toEqual([0, 0, 0]);
      const camvid = await init(root, "camvid", "cityscapes", undefined, "camvid");
      expect(camvid.config.source).toMatchObject({ type: "camvid", classes: "camvid" });
      expect(camvid.config.target).toMatchObject({ type: "cityscapes", classes: "camvid" });
      expect(await checks(root, camvid.path, "source", "target")).toEqual([0, 0]);
    }));

  test("an export: names and colours of the tool; pixels without annotation are left to the user", () =>
    inTemporaryFolder(async (root) => {
      const rows = ["aaaaaaaa", ...Array(5).fill("bbbbcccc")];
      await images(root, "cvat/JPEGImages/a.png", "camera/a.png", "coco/images/a.png");
      const png = colored(rows, { a: [0, 0, 0], b: [250, 50, 83], c: [50, 183, 250] });
      await file(root, "cvat/SegmentationClass/a.png", png);
      await file(
        root,
        "cvat/labelmap.txt",
        "background:0,0,0::\ncar:250,50,83::\nlane:50,183,250::\n",
      );
      await file(root, "coco/annotations/instances_default.json", {
        images: [{ id: 1, file_name: "a.png", width: 8, height: 6 }],
        annotations: [
          { image_id: 1, category_id: 1, segmentation: [[0, 0, 8, 0, 8, 3]], bbox: [0, 0, 8, 3] },
          { image_id: 1, category_id: 5, segmentation: [[0, 3, 8, 3, 8, 6]], bbox: [0, 3, 8, 3] },
        ],
        categories: [
          { id: 1, name: "lane" },
          { id: 5, name: "crane" },
        ],
      });
      const { config, out, text, path } = await init(root, "cvat", "camera", "coco");
      const classes = [
        { name: "car", color: [250, 50, 83] },
        { name: "lane", color: [50, 183, 250] },
      ];
      expect(config.source).toMatchObject({ type: "cvat-mask", unlabelled: "ignore", classes });
      expect(config.evaluate.camera).toMatchObject({
        type: "coco",
        annotations: join("annotations", "instances_default.json"),
        unlabelled: "ignore",
        mapping: { crane: "ignore" },
      });
      expect(text.match(/FILL IN/g)).toHaveLength(3);
      expect(out).toContain("evaluate.camera.mapping: choose the class of crane");
      expect(out).toContain("source.unlabelled");
      expect(await checks(root, path, "source", "target", "camera")).toEqual([0, 0, 0]);
      const target = await init(root, "cvat", "coco", undefined, "other");
      const camera = { type: "folder", root: join(root, "coco", "images"), images: "." };
      expect(target.config.target).toMatchObject(camera);
      expect(await checks(root, target.path, "target")).toEqual([0]);
    }));

  test("a published evaluation set without the classes of the source: what to rename", () =>
    inTemporaryFolder(async (root) => {
      await writePair(join(root, "simulator"), ["images", "labels"]);
      await makeCityscapes(join(root, "cityscapes"), 2, "val");
      const { code, out, config } = await init(root, "simulator", "simulator", "cityscapes");
      expect(code).toBe(0);
      expect(config.evaluate.camera).toMatchObject({ type: "cityscapes", split: "val" });
      expect(out).toMatch(/evaluate\.camera: .*"class 0" is not a class.*road, sidewalk/);
    }));

  test("an evaluation set with the values of the source has its names", () =>
    inTemporaryFolder(async (root) => {
      await writePair(join(root, "simulator"), ["images", "labels"]);
      await writeFile(
        join(root, "simulator", "classes.txt"),
        `${[...Array(27).keys()].map((id) => `name ${id}`).join("\n")}\n`,
      );
      await writePair(join(root, "camera"), ["images", "masks"], "", [9, ...cityscapesId.slice(1)]);
      const { config, out, path } = await init(root, "simulator", "camera", "camera");
      expect(config.source.mapping[26]).toBe("name 26");
      expect(config.evaluate.camera.mapping).toMatchObject({ 9: "ignore", 26: "name 26" });
      expect(out).toContain("evaluate.camera.mapping: choose the class of 9");
      expect(out).not.toContain("source.mapping");
      expect(await checks(root, path, "source", "target", "camera")).toEqual([0, 0, 0]);
    }));

  test("labels in colours, beside the images", () =>
    inTemporaryFolder(async (root) => {
      const rows = ["aaaaaaaa", ...Array(5).fill("bbbbcccc")];
      await images(root, "set/0001.png", "set/0002.png");
      const png = colored(rows, { a: [1, 2, 3], b: [250, 50, 83], c: [50, 183, 250] });
      for (const name of ["0001", "0002"]) await file(root, `set/${name}_mask.png`, png);
      const { config, path } = await init(root, "set", "set");
      expect(config.source).toMatchObject({
        images: ".",
        labels: ".",
        labelSuffix: "_mask",
        mapping: { "#010203": "class 010203", "#fa3253": "class fa3253" },
      });
      expect(await checks(root, path, "source", "target")).toEqual([0, 0]);
    }));

  test.each([
    [
      [1920, 1080],
      [320, 180],
    ],
    [
      [2048, 1024],
      [320, 160],
    ],
    [
      [1080, 1920],
      [180, 320],
    ],
    [
      [640, 480],
      [320, 240],
    ],
    [
      [100, 50],
      [100, 50],
    ],
  ] as const)("proposes for images of %j the size %j", async ([width, height], size) =>
    inTemporaryFolder(async (root) => {
      const blank = sharp({ create: { width, height, channels: 3, background: "black" } });
      await file(root, "a/images/0.png", await blank.png().toBuffer());
      const data = Uint8Array.from({ length: width * height }, (_, i) => i % 2);
      const png = encode({ width, height, channels: 1, depth: 8, data });
      await file(root, "a/labels/0.png", png);
      const { config } = await init(root, "a", "a");
      expect(config.sizes).toEqual({ source: size, target: size, evaluate: size });
    }),
  );

  test("never overwrites, and names what is missing", () =>
    inTemporaryFolder(async (root) => {
      await writePair(join(root, "simulator"), ["images", "labels"]);
      const out = join(root, "mine.yaml");
      await writeFile(out, "precious");
      expectError(await init(root, "simulator", "simulator"), "already-exists", out);
      expect(await readFile(out, "utf8")).toBe("precious");
      await rm(out);
      expectError(
        await init(root, "simulator", "nowhere"),
        "dataset-layout",
        join(root, "nowhere"),
      );
      await images(root, "camera/a.png", "camera/b.png");
      expectError(await init(root, "camera", "simulator"), "no-labels", join(root, "camera"));
      await images(root, "splits/train/a.png", "splits/valid/b.png");
      const coco = { images: [], annotations: [], categories: [] };
      for (const split of ["train", "valid"])
        await file(root, `splits/${split}/_annotations.coco.json`, coco);
      const splits = await init(root, "splits", "camera");
      expectError(splits, "no-labels", join(root, "splits/train"), "coco");
      const labels = ["a", "b"].map((name) => `<label><name>${name}</name></label>`).join("");
      const meta = `<version>1.1</version><meta><labels>${labels}</labels></meta>`;
      await file(root, "text/annotations.xml", `<annotations>${meta}</annotations>`);
      expectError(await init(root, "text", "camera"), "no-images", "annotations.xml and images/");
      const typo = await init(root, "simulater", "camera");
      expectError(typo, "dataset-layout", `mean ${join(root, "simulator")}?`);
      await file(root, "zipped/export.zip", Buffer.from("PK\x03\x04"));
      expectError(await init(root, "zipped", "camera"), "unsupported-file", "export.zip");
      await file(root, "photos/labels/a.png", mask(["ab", "cd"]));
      await images(root, "photos/images/a.png");
      await images(root, "mixed/a.png");
      await file(root, "mixed/masks/a.png", mask(["ab", "cd"]));
      expectError(await init(root, "simulator", "mixed"), "dataset-layout", "masks", "images/");
      const faulty = await init(root, "photos", "camera");
      expect(faulty.out).toContain("problems:");
      expect(faulty.out).toMatch(/labels.a\.png.*2x2/);
    }));

  test.each(["mine.yml", "mine.YAML", "mine"])("refuses %s, which no command reads", (name) =>
    inTemporaryFolder(async (root) => {
      await writePair(join(root, "simulator"), ["images", "labels"]);
      const folder = join(root, "simulator");
      const outcome = await cli("init", folder, folder, "--out", join(root, name), "--yes");
      expectError(outcome, "invalid-value", `--out ${join(root, name)}`, join(root, "mine.yaml"));
      expect(await readdir(root)).toEqual(["simulator"]);
    }),
  );

  test("keeps an existing picture of examples, and leaves none behind if it fails", () =>
    inTemporaryFolder(async (root) => {
      await writePair(join(root, "simulator"), ["images", "labels"]);
      const failed = await init(root, "simulator", "nowhere");
      expect(failed.err).toContain("mine-source-values.png");
      expect(await readdir(root)).toEqual(["simulator"]);
      for (const set of ["source", "camera"]) {
        const picture = join(root, `mine-${set}-values.png`);
        await writeFile(picture, "precious");
        const outcome = await init(root, "simulator", "simulator", "simulator");
        expectError(outcome, "already-exists", picture);
        expect(await readFile(picture, "utf8")).toBe("precious");
        await rm(picture);
      }
      expect(await readdir(root)).toEqual(["simulator"]);
    }));

  test("--json lists the sets, what to fill in, and the next commands", () =>
    inTemporaryFolder(async (root) => {
      await writePair(join(root, "simulator"), ["images", "labels"]);
      const path = join(root, "mine.yaml");
      const folder = join(root, "simulator");
      const { out } = await cli("init", folder, folder, "--out", path, "--json");
      const { file, sets, fillIn, problems, next } = JSON.parse(out);
      expect([file, problems, fillIn.length, next.length]).toEqual([path, [], 1, 3]);
      expect(sets[0]).toEqual({
        name: "source",
        recognised: "folder",
        type: "folder",
        root: folder,
        images: 3,
        examples: join(root, "mine-source-values.png"),
      });
    }));
});
