import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { cityscapes19 } from "../../src/datasets/class-sets.js";
import { openDataset } from "../../src/datasets/open.js";
import { userError } from "../user-error.js";
import { inTemporaryFolder, sceneImage, sceneLabel, writeImage, writeLabel } from "./fixtures.js";

const size = { width: 64, height: 32 };
const label = sceneLabel(0);
const image = sceneImage(label, 0);
const mapping = { 0: "ground", 2: "thing", 8: "thing", 10: "sky", 13: "ignore", 255: 255 };
const classes = ["sky", "thing", "ground"];
const merged = { 0: 2, 2: 1, 8: 1, 10: 0, 13: 255, 255: 255 } as Record<number, number>;

async function write(root: string, stems: readonly string[], extension = "png") {
  for (const stem of stems) {
    await writeImage(join(root, "images", `${stem}.${extension}`), image, size);
    await writeLabel(join(root, "labels", `${stem}.png`), label, size);
  }
}

describe("folder", () => {
  it("pairs by stem through sub-folders, in natural order, whatever the image format", () =>
    inTemporaryFolder(async (root) => {
      await write(root, ["b/frame10", "b/frame9"], "jpg");
      await write(root, ["a/x"], "webp");
      await writeFile(join(root, "images", "._x.png"), "left by an archive");
      await writeFile(join(root, "images", "notes.txt"), "");
      const dataset = await openDataset({ type: "folder", root, classes, mapping });
      expect(dataset.names).toEqual(["a/x", "b/frame9", "b/frame10"]);
      expect(dataset.classes.names).toEqual(classes);
      for (const index of [0, 1, 2]) {
        const sample = await dataset.load(index);
        expect([...(sample.label ?? [])]).toEqual([...label].map((id) => merged[id]));
      }
    }));

  it("takes other folder names, suffixes and a mapping file", () =>
    inTemporaryFolder(async (root) => {
      await writeImage(join(root, "cam", "0001_rgb.png"), image, size);
      await writeImage(join(root, "cam", "0001_depth.png"), image, size);
      await writeLabel(join(root, "gt", "0001_ids.png"), label, size);
      await writeFile(
        join(root, "map.yaml"),
        Object.entries(mapping)
          .map(([id, to]) => `${id}: ${to}\n`)
          .join(""),
      );
      const dataset = await openDataset({
        type: "folder",
        root,
        images: "cam",
        labels: "gt",
        imageSuffix: "_rgb",
        labelSuffix: "_ids",
        classes,
        mapping: "map.yaml",
      });
      expect(dataset.names).toEqual(["0001"]);
      expect([...((await dataset.load(0)).label ?? [])]).toEqual(
        [...label].map((id) => merged[id]),
      );
    }));

  it("reads colour labels through a mapping of colours", () =>
    inTemporaryFolder(async (root) => {
      await write(root, ["a"]);
      const rgb = new Uint8Array(label.length * 3);
      for (const [pixel, id] of label.entries()) {
        rgb.set(cityscapes19.colors[id] ?? [0, 0, 0], pixel * 3);
      }
      await writeFile(
        join(root, "labels", "a.png"),
        encode({ ...size, channels: 3, depth: 8, data: rgb }),
      );
      const byColor = {
        "#804080": "ground",
        "#464646": "thing",
        "#6B8E23": "thing",
        "#4682b4": "sky",
        "#00008e": "ignore",
        "#000000": 255,
      };
      const dataset = await openDataset({ type: "folder", root, classes, mapping: byColor });
      expect([...((await dataset.load(0)).label ?? [])]).toEqual(
        [...label].map((id) => merged[id]),
      );
    }));

  it("uses only the images with a label, if asked to, and names their number", () =>
    inTemporaryFolder(async (root) => {
      await write(root, ["a", "b"]);
      for (const stem of ["c", "d", "e"]) {
        await writeImage(join(root, "images", `${stem}.png`), image, size);
      }
      const spec = { type: "folder", root, classes, mapping };
      await userError(
        openDataset(spec),
        "unpaired-files",
        "3 images (c, d, e) without label",
        "labelled: some",
      );
      const some = await openDataset({ ...spec, labelled: "some" });
      expect(some.names).toEqual(["a", "b"]);
      expect(some.name).toBe(`folder (${root}, 2 of 5 images have a label)`);
      expect(some.labelled).toBe(true);
      const without = await openDataset({ ...spec, labelled: "some", exclude: ["a"] });
      expect(without.names).toEqual(["b"]);
      expect(without.name).toContain("1 of 4 images have a label");

      const none = openDataset({ ...spec, labelled: "some", exclude: ["a", "b"] });
      await userError(none, "unpaired-files", "none of 3 images has a label");
      await writeFile(join(root, "labels", "c.jpg"), "");
      const other = openDataset({ ...spec, labelled: "some" });
      await userError(other, "unpaired-files", "their labels are .jpg files");
      await rm(join(root, "labels", "c.jpg"));
      await writeLabel(join(root, "labels", "z.png"), label, size);
      const stray = openDataset({ ...spec, labelled: "some" });
      await userError(stray, "unpaired-files", "1 label (z) without image");
      await rm(join(root, "labels"), { recursive: true });
      const missing = openDataset({ ...spec, labelled: "some" });
      await userError(missing, "dataset-layout", "does not exist");
    }));

  it("reads images alone without labels, and relative roots from the base", () =>
    inTemporaryFolder(async (base) => {
      await write(join(base, "set"), ["a", "b"]);
      await rm(join(base, "set", "labels"), { recursive: true });
      const dataset = await openDataset({ type: "folder", root: "set", classes }, base);
      expect(dataset.labelled).toBe(false);
      expect(dataset.name).toBe(`folder (${join(base, "set")})`);
      expect((await dataset.load(0)).label).toBeUndefined();
    }));

  it("gives classes known, chosen or distinct colours", () =>
    inTemporaryFolder(async (root) => {
      await write(root, ["a"]);
      const named = ["car", { name: "duck", color: [1, 2, 3] }, "goose", "swan", "heron"];
      const dataset = await openDataset({ type: "folder", root, classes: named, labelled: false });
      const { colors, names } = dataset.classes;
      expect(names).toEqual(["car", "duck", "goose", "swan", "heron"]);
      expect(colors.slice(0, 2)).toEqual([
        [0, 0, 142],
        [1, 2, 3],
      ]);
      expect(new Set(colors.map(String)).size).toBe(5);
    }));
});
