import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { vocColor } from "../../../src/datasets/tools/cvat-mask.js";
import { userError } from "../../user-error.js";
import { inTemporaryFolder } from "../fixtures.js";
import { colored, drawn, expectLabel, file, images, mask, open } from "./export.js";

const rows = ["aaaaaaaa", "bbbbaaaa", "bbbbaaaa", "bbbbcccc", "bbbbcccc", "aaaacccc"];
const cars = rows.map((row) => row.replaceAll("a", ".").replaceAll("b", "a").replaceAll("c", "b"));

/** "Segmentation mask 1.1" of CVAT, with images. */
async function writeCvat(
  root: string,
  map = "background:0,0,0::\ncar:250,50,83::\nlane: left:50,183,250::\n",
) {
  await images(root, "JPEGImages/a.png", "JPEGImages/drive 2/a.png");
  const png = colored(rows, { a: [0, 0, 0], b: [250, 50, 83], c: [50, 183, 250] });
  await file(root, "SegmentationClass/a.png", png);
  await file(root, "SegmentationClass/drive 2/a.png", png);
  await file(root, "SegmentationObject/a.png", png);
  await file(root, "ImageSets/Segmentation/default.txt", "a\ndrive 2/a\n");
  await file(root, "labelmap.txt", `# label:color_rgb:parts:actions\n${map}`);
}

describe("cvat-mask", () => {
  it("reads names and colours from labelmap.txt, and images of one name in two folders", () =>
    inTemporaryFolder(async (root) => {
      await writeCvat(root);
      const dataset = await open("cvat-mask", root, { unlabelled: "ignore" });
      expect(dataset.names).toEqual(["a", "drive 2/a"]);
      expect(dataset.classes).toEqual({
        names: ["car", "lane: left"],
        colors: [
          [250, 50, 83],
          [50, 183, 250],
        ],
      });
      for (const index of [0, 1]) expect(await drawn(dataset, index)).toEqual(cars);
    }));

  it("does not take a list and a split", () =>
    inTemporaryFolder(async (root) => {
      await writeCvat(root);
      await file(root, "some.txt", "a\n");
      const both = open("cvat-mask", root, {
        unlabelled: "ignore",
        list: "some.txt",
        split: "default",
      });
      await userError(both, "conflicting-options", "list", "split");
    }));

  it("asks what pixels without annotation are", () =>
    inTemporaryFolder(async (root) => {
      await writeCvat(root);
      await userError(
        open("cvat-mask", root),
        "invalid-value",
        "unlabelled",
        "ignore",
        "background",
      );
      await expectLabel(open("cvat-mask", root, { unlabelled: "background" }), rows);
      await expectLabel(open("cvat-mask", root, { mapping: { background: "ignore" } }), cars);
      const target = await open("cvat-mask", root, { labelled: false });
      expect((await target.load(0)).label).toBeUndefined();
      const both = (unlabelled: string) =>
        open("cvat-mask", root, { unlabelled, mapping: { background: 255 } });
      await expectLabel(both("ignore"), cars);
      await userError(both("car"), "conflicting-options", "background", "255", "car");
    }));

  it("maps by name", () =>
    inTemporaryFolder(async (root) => {
      await writeCvat(root);
      const classes = ["thing", "car"];
      const unlabelled = "ignore";
      const missing = await open("cvat-mask", root, { classes, unlabelled });
      await userError(
        missing.load(0),
        "label-value",
        "SegmentationClass/a.png",
        '"lane: left"',
        "x 4, y 3",
      );
      const mapping = { "lane: left": "thing" };
      const dataset = open("cvat-mask", root, { classes, unlabelled, mapping });
      await expectLabel(
        dataset,
        cars.map((row) => row.replace(/[ab]/g, (id) => (id === "a" ? "b" : "a"))),
      );
      const typo = open("cvat-mask", root, {
        classes,
        unlabelled,
        mapping: { "lane: lfet": "thing" },
      });
      await userError(typo, "unknown-name", "lane: lfet", 'mean "lane: left"');
    }));

  it("reads the list of a split", () =>
    inTemporaryFolder(async (root) => {
      await writeCvat(root);
      const unlabelled = "ignore";
      await file(root, "ImageSets/Segmentation/val.txt", "drive 2/a\n");
      await userError(
        open("cvat-mask", root, { unlabelled }),
        "dataset-layout",
        "split",
        "default, val",
      );
      expect((await open("cvat-mask", root, { unlabelled, split: "val" })).names).toEqual([
        "drive 2/a",
      ]);
      const wrong = open("cvat-mask", root, { unlabelled, split: "train" });
      await userError(wrong, "dataset-layout", "train.txt", "default, val");
    }));

  it("explains an archive, missing images, and other files", () =>
    inTemporaryFolder(async (root) => {
      const unlabelled = "ignore";
      await file(root, "export.zip", Buffer.from("PK\x03\x04"));
      await userError(
        open("cvat-mask", join(root, "export.zip")),
        "unsupported-file",
        "export.zip",
        "unpack",
      );
      await userError(
        open("cvat-mask", join(root, "export")),
        "unsupported-file",
        "export.zip",
        "unpack",
      );
      await userError(open("cvat-mask", root), "unsupported-file", "export.zip", "unpack");
      await writeCvat(root, "car\n");
      await userError(open("cvat-mask", root), "unsupported-file", "labelmap.txt:2", "car");
      await writeCvat(root, "car:250,50,83::\n");
      const unknown = await open("cvat-mask", root, { unlabelled: "rest" });
      await userError(unknown.load(0), "label-value", "#32b7fa", "labelmap.txt");
      await userError(
        open("cvat-mask", root, { unlabelled, images: "frames" }),
        "dataset-layout",
        "frames",
      );
    }));
});

describe("voc", () => {
  it("has the palette of Pascal VOC, whose outlines are ignored", () =>
    inTemporaryFolder(async (root) => {
      // From the development kit: VOClabelcolormap.
      expect([0, 1, 2, 15, 20, 255].map(vocColor)).toEqual([
        [0, 0, 0],
        [128, 0, 0],
        [0, 128, 0],
        [192, 128, 128],
        [0, 64, 128],
        [224, 224, 192],
      ]);
      await images(root, "JPEGImages/2007_000032.jpg", "JPEGImages/2007_000033.jpg");
      const palette = Array.from({ length: 256 }, (_, index) => [...vocColor(index)]);
      const data = Uint8Array.from({ length: 48 }, (_, i) => [0, 15, 255][i % 3] as number);
      const png = encode({ width: 8, height: 6, channels: 1, depth: 8, data, palette });
      await file(root, "SegmentationClass/2007_000032.png", png);
      await file(root, "ImageSets/Segmentation/train.txt", "2007_000032\n");
      const options = { unlabelled: "rest", classes: ["rest", "person"], split: "train" };
      const dataset = await open("voc", root, options);
      expect((await drawn(dataset))[0]).toBe("ab.ab.ab");
    }));
});

describe("roboflow-mask", () => {
  async function write(root: string) {
    const name = "road_jpg.rf.0a1b2c";
    await images(root, `train/${name}.jpg`, `train/${name}2.png`);
    await file(root, `train/${name}_mask.png`, mask(rows));
    await file(root, `train/${name}2_mask.png`, mask(rows));
    await file(
      root,
      "train/_classes.csv",
      'Pixel Value, Class\n0, background\n1, car\n2, "lane, left"\n',
    );
  }

  it("reads masks beside the images, and names from _classes.csv", () =>
    inTemporaryFolder(async (root) => {
      await write(root);
      for (const folder of [root, join(root, "train")]) {
        const dataset = await open("roboflow-mask", folder, { unlabelled: "background" });
        expect(dataset.classes.names).toEqual(["background", "car", "lane, left"]);
        expect(dataset.names).toHaveLength(2);
        expect(await drawn(dataset)).toEqual(rows);
      }
      expect((await open("roboflow-mask", root, { labelled: false })).names).toHaveLength(2);
    }));

  it("explains a value without a name, and a missing split", () =>
    inTemporaryFolder(async (root) => {
      await write(root);
      await writeFile(
        join(root, "train/_classes.csv"),
        "Pixel Value, Class\r\n0, background\r\n1, car\r\n",
      );
      const dataset = await open("roboflow-mask", root, { unlabelled: "background" });
      await userError(dataset.load(0), "label-value", "value 2", "_classes.csv");
      await userError(open("roboflow-mask", root, { split: "valid" }), "dataset-layout", "valid");
    }));
});

describe("datumaro", () => {
  it("reads names and colours from dataset_meta.json", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/a.png");
      await file(root, "masks/a.png", colored(rows, { a: [0, 0, 0], b: [9, 8, 7], c: [1, 2, 3] }));
      await file(root, "dataset_meta.json", {
        labels: ["background", "car", "lane"],
        label_map: { "0": "background", "1": "car", "2": "lane" },
        segmentation_colors: [
          [0, 0, 0],
          [9, 8, 7],
          [1, 2, 3],
        ],
        background_label: "0",
      });
      await expectLabel(open("datumaro", root, { unlabelled: "ignore" }), cars);
      await file(root, "dataset_meta.json", "{");
      await userError(open("datumaro", root), "damaged-file", "dataset_meta.json");
      await file(root, "dataset_meta.json", { labels: ["car"] });
      await userError(open("datumaro", root), "unsupported-file", "label_map");
    }));
});
