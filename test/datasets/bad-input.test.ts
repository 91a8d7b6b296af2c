import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../src/datasets/open.js";
import type { ErrorCode } from "../../src/errors.js";
import { userError } from "../user-error.js";
import {
  encodeLabel,
  inTemporaryFolder,
  makeCamvid,
  makeCityscapes,
  makeGta5,
  sceneImage,
  writeImage,
  writeLabel,
} from "./fixtures.js";

describe("folders", () => {
  it("names a missing root and what was expected in it", async () => {
    const open = openDataset({ type: "gta5", root: "nowhere/gta5" }, "/data");
    await userError(open, "dataset-layout", "/data/nowhere/gta5", "images/00001.png", "`root`");
  });

  it("names a root that is a file", () =>
    inTemporaryFolder(async (root) => {
      await writeFile(join(root, "file"), "");
      const open = openDataset({ type: "synthia", root: join(root, "file") });
      await userError(open, "dataset-layout", join(root, "file"), "SYNTHIA");
    }));

  it("names a missing split and an empty one", () =>
    inTemporaryFolder(async (root) => {
      await makeCityscapes(root, 1);
      const spec = { type: "cityscapes", root, split: "val" };
      await userError(openDataset(spec), "dataset-layout", "leftImg8bit/val");
      await mkdir(join(root, "leftImg8bit", "val"));
      await userError(openDataset(spec), "no-images", "leftImg8bit/val", "*_leftImg8bit.png");
    }));

  it("refuses to train on no image at all", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 2);
      const spec = { type: "gta5", root, exclude: ["00001", "00002"] };
      await userError(openDataset(spec), "no-images", "`exclude`", "2");
    }));

  it("names images without labels and labels without images, three at most", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 6);
      for (const name of ["00002", "00003", "00004", "00005"]) {
        await rm(join(root, "labels", `${name}.png`));
      }
      await rm(join(root, "images", "00001.png"));
      await userError(
        openDataset({ type: "gta5", root }),
        "unpaired-files",
        ...[root, "4 images (00002, 00003, 00004 and 1 more)", "1 label (00001)"],
        ...["5 images", "2 labels", "`list`", "`labelled: false`"],
      );
    }));

  it("accepts an incomplete set when the list names complete samples", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 3);
      await rm(join(root, "labels", "00002.png"));
      await writeFile(join(root, "list.txt"), "00001.png\n00003.png\n");
      const dataset = await openDataset({ type: "gta5", root, list: "list.txt" });
      expect(dataset.names).toEqual(["00001", "00003"]);
    }));

  it("refuses two images of one name", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 1);
      await writeFile(join(root, "images", "00001.jpg"), "");
      const open = openDataset({ type: "gta5", root });
      await userError(open, "unpaired-files", "00001.png", "00001.jpg");
    }));
});

describe("lists", () => {
  it("names a missing list, an empty one and an unknown entry", () =>
    inTemporaryFolder(async (root) => {
      await makeCamvid(root, 2);
      const open = (list: string) => openDataset({ type: "camvid", root, list });
      await userError(open("lst.txt"), "not-found", "lst.txt", "list.txt");
      await writeFile(join(root, "empty.txt"), "\n# nothing\n");
      await userError(open("empty.txt"), "no-images", "empty.txt");
      await writeFile(join(root, "wrong.txt"), "train/0016E5_00031\n");
      const wrong = ["wrong.txt", "train/0016E5_00031", "train/0016E5_00030"];
      await userError(open("wrong.txt"), "dataset-layout", ...wrong);
    }));
});

describe("files", () => {
  it("names a truncated label and a truncated image", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 2, { width: 200, height: 100 });
      const label = join(root, "labels", "00001.png");
      const bytes = await readFile(label);
      const image = join(root, "images", "00002.png");
      const pixels = await readFile(image);
      const dataset = await openDataset({ type: "gta5", root });
      for (const share of [0.1, 0.5, 0.95]) {
        await writeFile(label, bytes.subarray(0, Math.floor(bytes.length * share)));
        await userError(dataset.load(0), "label-unreadable", "labels/00001.png");
      }
      for (const share of [0.001, 0.5, 0.9]) {
        await writeFile(image, pixels.subarray(0, Math.floor(pixels.length * share)));
        await userError(dataset.load(1), "image-unreadable", "images/00002.png");
      }
    }));

  it("finds damage inside a label", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 1);
      const path = join(root, "labels", "00001.png");
      const bytes = await readFile(path);
      const at = bytes.indexOf("IDAT") + 20;
      bytes[at] = (bytes[at] as number) ^ 0xff;
      await writeFile(path, bytes);
      const dataset = await openDataset({ type: "gta5", root });
      await userError(dataset.load(0), "label-unreadable", path);
    }));

  it("names files that are not images and labels that are not PNG", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 2);
      await writeFile(join(root, "images", "00001.png"), "<html>not found</html>");
      await writeFile(
        join(root, "labels", "00002.png"),
        await readFile(join(root, "images", "00002.png")).then((b) => b.subarray(1)),
      );
      const dataset = await openDataset({ type: "gta5", root });
      await userError(dataset.load(0), "image-unreadable", "images/00001.png");
      await userError(dataset.load(1), "label-unreadable", "labels/00002.png");
      await writeFile(join(root, "labels", "00002.png"), "");
      await userError(dataset.load(1), "label-unreadable", "labels/00002.png", "empty");
      await rm(join(root, "labels", "00002.png"));
      await userError(dataset.load(1), "label-unreadable", "labels/00002.png", "no such file");
    }));

  it("refuses a label of another size than its image, naming both", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 1);
      await writeLabel(join(root, "labels", "00001.png"), new Uint8Array(32 * 16), {
        width: 32,
        height: 16,
      });
      const dataset = await openDataset({ type: "gta5", root });
      await userError(
        dataset.load(0, { width: 8, height: 8 }),
        "label-size",
        ...["labels/00001.png", "32x16", "images/00001.png", "64x32", 'exclude: ["00001"]'],
      );
    }));
});

describe("label values", () => {
  const size = { width: 8, height: 4 };
  const spec = { type: "folder", classes: ["sky", "road"] };

  async function oneSample(root: string, label: Uint8Array) {
    await writeImage(join(root, "images", "a.png"), sceneImage(new Uint8Array(32), 0), size);
    await mkdir(join(root, "labels"), { recursive: true });
    await writeFile(join(root, "labels", "a.png"), label);
  }

  it("names an id outside the mapping, its first pixel, all others and the fix", () =>
    inTemporaryFolder(async (root) => {
      const ids = new Uint8Array(32).fill(7);
      ids[21] = 9;
      ids[28] = 12;
      ids[30] = 9;
      await oneSample(root, encodeLabel(ids, size, "grey"));
      const dataset = await openDataset({ ...spec, root, mapping: { 7: "road", 8: 0, 0: 255 } });
      await userError(
        dataset.load(0),
        "label-value",
        ...[join(root, "labels", "a.png"), "id 9 at x 5, y 2", "0, 7-8", "12", "`9: 255`"],
      );
      const plain = await openDataset({ ...spec, root });
      await userError(plain.load(0), "label-value", "id 7 at x 0, y 0", "0-1, 255");
    }));

  it("finds a stray id that the working size would skip", () =>
    inTemporaryFolder(async (root) => {
      const ids = new Uint8Array(32);
      ids[0] = 77;
      await oneSample(root, encodeLabel(ids, size, "palette"));
      const dataset = await openDataset({ ...spec, root });
      await userError(dataset.load(0, { width: 2, height: 1 }), "label-value", "id 77 at x 0");
    }));

  it("refuses colours where ids are expected, and the reverse for 16 bit", () =>
    inTemporaryFolder(async (root) => {
      const rgb = new Uint8Array(96).fill(128);
      rgb.set([0, 64, 128], 9);
      await oneSample(root, encode({ ...size, channels: 3, data: rgb }));
      const dataset = await openDataset({ ...spec, root });
      await userError(dataset.load(0), "label-value", "#004080 at x 3, y 0");
      const mapping = { "#808080": "road" };
      const colored = await openDataset({ ...spec, root, mapping });
      await userError(colored.load(0), "label-value", '"#004080" at x 3, y 0');
      await oneSample(root, encodeLabel(new Uint8Array(32), size, "rgb16"));
      await userError(colored.load(0), "conflicting-options", "a.png", "16-bit", "`mapping`");
    }));
});

describe("options", () => {
  const folder = { type: "folder", root: "x" };
  const road = { ...folder, classes: ["road", "sky"] };
  it.each<[unknown, ErrorCode, ...string[]]>([
    [{ root: "x" }, "unknown-name", "type", "gta5, synthia"],
    [{ type: "cityscape", root: "x" }, "unknown-name", "cityscape", "cityscapes?"],
    [{ type: "gta5", root: "x", lsit: "a" }, "unknown-key", "lsit", "list?"],
    [{ type: "gta5" }, "invalid-value", "gta5", "root"],
    [{ type: "cityscapes", root: "x", split: "tain" }, "invalid-value", "split", "train"],
    [{ ...folder, classes: "camvit" }, "invalid-value", "classes", "camvid"],
    [{ ...folder, classes: ["a", "b"], mapping: [1] }, "invalid-value", "mapping"],
    [{ ...folder, classes: ["a", "a"] }, "invalid-value", "classes", '"a"'],
    [{ ...road, mapping: { 7: "raod" } }, "unknown-name", "mapping: 7", '"raod"', '"road"'],
    [{ ...road, mapping: { 7: 2 } }, "invalid-value", "mapping: 7", "0..1"],
    [{ ...road, mapping: { road: 7 } }, "invalid-value", "mapping", '"road"'],
    [{ ...road, mapping: { "#123456": 0, 7: 0 } }, "invalid-value", "mapping", '"7"'],
    [{ ...road, mapping: {} }, "invalid-value", "mapping"],
    [{ ...road, mapping: "no.yaml" }, "not-found", "no.yaml"],
    [{ type: "gta5", root: "x", lables: "a" }, "unknown-key", "gta5", "lables", "labelled"],
    [{ type: "streets", root: "x", domain: "source", count: 9e15 }, "invalid-value", "count"],
    [{ type: "streets", root: "x", domain: "sourec", count: 1 }, "invalid-value", "source?"],
    [7, "unknown-name", "type"],
  ])("%j", async (spec, code, ...names) => {
    await userError(openDataset(spec), code, ...names);
  });
});
