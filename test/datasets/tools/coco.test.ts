import { readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { afterEach, describe, expect, it, vi } from "vitest";
import { compressedCounts } from "../../../src/datasets/tools/runs.js";
import { userError } from "../../user-error.js";
import { inTemporaryFolder } from "../fixtures.js";
import { colored, drawn, expectLabel, file, images, open } from "./export.js";

const categories = [
  { id: 3, name: "car", supercategory: "" },
  { id: 90, name: "lane", supercategory: "" },
];
const unlabelled = "ignore";

/** A mask of pycocotools 2.0.11: rows 1 to 3, columns 2 to 5, with a hole at row 2, column 3. */
const ring = ["........", "..aaaa..", "..a.aa..", "..aaaa..", "........", "........"];
const compressed = "=33NN02200;";
const counts = [13, 3, 3, 1, 1, 1, 3, 3, 3, 3, 14];

interface Annotation {
  readonly image_id?: number;
  readonly category_id?: number;
  readonly segmentation: unknown;
  readonly bbox?: readonly number[];
  readonly iscrowd?: number;
}

/** A COCO file with one or more images of 8x6 pixels. */
function cocoFile(annotations: readonly Annotation[], names: readonly string[] = ["a.png"]) {
  return {
    info: { description: "" },
    licenses: [],
    images: names.map((file_name, index) => ({ id: index + 7, file_name, width: 8, height: 6 })),
    annotations: annotations.map((annotation, index) => ({
      id: index + 1,
      image_id: 7,
      category_id: 3,
      iscrowd: 0,
      area: 1,
      bbox: [0, 0, 4, 4],
      ...annotation,
    })),
    categories,
  };
}

/** Writes an export with one image. */
async function write(root: string, ...annotations: readonly Annotation[]): Promise<void> {
  await images(root, "images/a.png");
  await file(root, "annotations/instances_default.json", cocoFile(annotations));
}

afterEach(() => vi.restoreAllMocks());

describe("coco", () => {
  it("draws polygons in the order of the file; category ids may have gaps", () =>
    inTemporaryFolder(async (root) => {
      await write(
        root,
        { segmentation: [[0, 1, 4, 1, 4, 5, 0, 5]] },
        { segmentation: [[2, 3, 20, 3, 20, 30, 2, 30]], category_id: 90 },
      );
      const dataset = await open("coco", root, { unlabelled });
      expect(dataset.classes.names).toEqual(["car", "lane"]);
      expect(await drawn(dataset)).toEqual([
        "........",
        "aaaa....",
        "aaaa....",
        "aabbbbbb",
        "aabbbbbb",
        "..bbbbbb",
      ]);
    }));

  it("adds the polygons of one object, and does not cut them out of each other", () =>
    inTemporaryFolder(async (root) => {
      await write(root, {
        segmentation: [
          [0, 0, 4, 0, 4, 2, 0, 2],
          [2, 0, 6, 0, 6, 2, 2, 2],
        ],
      });
      const dataset = await open("coco", root, {
        unlabelled: "rest",
        classes: ["car", "rest", "lane"],
      });
      expect((await drawn(dataset)).slice(1, 3)).toEqual(["aaaaaabb", "bbbbbbbb"]);
    }));

  it("decodes RLE as lists and compressed, of crowds, too, as pycocotools does", () =>
    inTemporaryFolder(async (root) => {
      expect(compressedCounts(compressed)).toEqual(counts);
      // pycocotools: 280 rows of a column, two rows of fifty columns, and the last pixel of 300x200.
      const long = `jk5h8SUg0ZGWTYO${"0".repeat(97)}bd>O`;
      const decoded = compressedCounts(long);
      expect(decoded.slice(0, 4)).toEqual([6010, 280, 23715, 2]);
      expect(decoded.at(-1)).toBe(1);
      expect(decoded.reduce((sum, count) => sum + count, 0)).toBe(300 * 200);
      expect(decoded.reduce((sum, count, i) => sum + (i % 2) * count, 0)).toBe(381);
      for (const rle of [compressed, counts]) {
        await write(root, { segmentation: { counts: rle, size: [6, 8] }, iscrowd: 1 });
        await expectLabel(open("coco", root, { unlabelled }), ring);
      }
    }));

  it("reads images without annotation, and annotations without area", () =>
    inTemporaryFolder(async (root) => {
      await write(root, { segmentation: [], bbox: [0, 0, 0, 0] });
      const dataset = open("coco", root, { unlabelled: "lane" });
      await expectLabel(dataset, Array(6).fill("bbbbbbbb"));
    }));

  it("tells two images of one name in two folders apart", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/day/a.png", "images/night/a.png");
      const annotations = [
        { image_id: 8, segmentation: [[0, 0, 8, 0, 8, 6, 0, 6]] },
        { image_id: 7, segmentation: [[0, 0, 8, 0, 8, 6, 0, 6]], category_id: 90 },
      ];
      const names = ["day/a.png", "night\\a.png"];
      await file(root, "annotations/instances_default.json", cocoFile(annotations, names));
      const dataset = await open("coco", root, { unlabelled });
      expect(dataset.names).toEqual(["day/a", "night/a"]);
      expect([(await drawn(dataset, 0))[0], (await drawn(dataset, 1))[0]]).toEqual([
        "bbbbbbbb",
        "aaaaaaaa",
      ]);
      await file(
        root,
        "annotations/instances_default.json",
        cocoFile(annotations, ["a.png", "day/a.png"]),
      );
      await userError(
        open("coco", root, { unlabelled }),
        "unpaired-files",
        "a.png",
        "day/a, night/a",
      );
    }));

  it("finds images beside the file, as Roboflow writes them, and those of a split", () =>
    inTemporaryFolder(async (root) => {
      const whole = [{ segmentation: [[0, 0, 8, 0, 8, 6, 0, 6]] }];
      await images(root, "train/a.png", "val2017/a.png", "train2017/b.png");
      await file(root, "train/_annotations.coco.json", cocoFile(whole));
      await file(root, "annotations/instances_val2017.json", cocoFile(whole));
      await file(root, "annotations/captions_val2017.json", {});
      await file(root, "annotations/panoptic_val2017.json", {});
      for (const [folder, image] of [
        ["train", "train/a.png"],
        [".", "val2017/a.png"],
      ] as const) {
        const dataset = await open("coco", join(root, folder), { unlabelled });
        expect(dataset.files?.of(0).image).toBe(join(root, image));
        expect(await drawn(dataset)).toEqual(Array(6).fill("aaaaaaaa"));
      }
      await file(root, "annotations/instances_train2017.json", cocoFile([], ["b.png"]));
      await userError(
        open("coco", root, { unlabelled }),
        "dataset-layout",
        "annotations",
        "instances_val2017.json",
      );
      const named = { unlabelled, annotations: "annotations/instances_train2017.json" };
      expect((await open("coco", root, named)).names).toEqual(["b"]);
    }));

  it("decodes the file once, whatever is loaded afterwards", () =>
    inTemporaryFolder(async (root) => {
      await write(root, { segmentation: { counts, size: [6, 8] } });
      const parse = vi.spyOn(JSON, "parse");
      const dataset = await open("coco", root, { unlabelled });
      const opened = parse.mock.calls.length;
      expect(opened).toBeGreaterThan(0);
      for (let epoch = 0; epoch < 3; epoch++) expect(await drawn(dataset)).toEqual(ring);
      expect(parse.mock.calls.length).toBe(opened);
    }));

  it("belongs to the photo as displayed: turned by its EXIF orientation", () =>
    inTemporaryFolder(async (root) => {
      const pixels = sharp(new Uint8Array(8 * 6 * 3), {
        raw: { width: 6, height: 8, channels: 3 },
      });
      await images(root, "images/b.png");
      await pixels.withMetadata({ orientation: 6 }).jpeg().toFile(join(root, "images/a.jpg"));
      const box = [[0, 1, 4, 1, 4, 5, 0, 5]];
      const names = ["a.jpg", "b.png"];
      await file(root, "annotations/instances_x.json", cocoFile([{ segmentation: box }], names));
      const dataset = await open("coco", root, { unlabelled });
      expect((await drawn(dataset)).slice(0, 2)).toEqual(["........", "aaaa...."]);
      const path = join(root, "annotations/instances_x.json");
      const text = await readFile(path, "utf8");
      await writeFile(path, text.replace('"width":8,"height":6', '"width":6,"height":8'));
      const unturned = await open("coco", root, { unlabelled });
      await userError(unturned.load(0), "label-size", "6x8", "8x6 after its EXIF orientation");
    }));

  it("names what is wrong", () =>
    inTemporaryFolder(async (root) => {
      const opened = () => open("coco", root, { unlabelled });
      const square = [[0, 0, 4, 0, 4, 4]];
      await write(root, { segmentation: square, category_id: 4 });
      await userError(opened(), "class-mismatch", "annotations[0]", "category_id 4", "3, 90");
      await write(root, { segmentation: square, image_id: 99 });
      await userError(opened(), "unpaired-files", "annotations[0]", "image_id 99");
      await write(root, { segmentation: { counts, size: [8, 6] } });
      await userError(opened(), "label-size", "annotations[0]", "6x8", "8x6");
      await write(root, { segmentation: { counts: [1, 2], size: [6, 8] } });
      await userError(opened(), "label-size", "annotations[0]", "3 pixels");
      await write(root, { segmentation: { counts: "}~\u00e9", size: [6, 8] } });
      await userError(opened(), "label-size", "annotations[0]");
      await write(root, { segmentation: [[0, 0, 4, 0, 4]] });
      await userError(opened(), "damaged-file", "annotations[0]", "5 coordinates");
      await write(root, { segmentation: [[0, 0, 4, null, 4, 4]] });
      await userError(opened(), "unsupported-file", "annotations[0].segmentation");
      await write(root, { segmentation: [] });
      await userError(opened(), "unsupported-file", "annotations[0]", "box");
      await write(root, { segmentation: [[]] }); // a box, as some converters write it
      await userError(opened(), "unsupported-file", "annotations[0]", "box");
      await write(root, { segmentation: square });
      await userError(open("coco", root), "invalid-value", "unlabelled");
      const lacking = open("coco", root, { unlabelled, classes: ["lane", "sky"] });
      await userError(lacking, "class-mismatch", '"car"', "classes", "car: ignore");
      await images(root, "images/b.png");
      await userError(opened(), "unpaired-files", "b");
      await file(
        root,
        "annotations/instances_default.json",
        cocoFile([], ["a.png", "b.png", "c.png"]),
      );
      await userError(opened(), "unpaired-files", "c.png", "2 images");
      await file(root, "annotations/instances_default.json", { images: [], annotations: [] });
      await userError(opened(), "unsupported-file", "categories");
      await file(root, "annotations/instances_default.json", "PK\x03\x04");
      await userError(opened(), "unsupported-file", "zip");
    }));

  it("allows annotations of other images if a list selects the samples", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/a.png");
      await file(root, "annotations/instances_x.json", cocoFile([], ["a.png", "z.png"]));
      await file(root, "list.txt", "a\n");
      expect((await open("coco", root, { unlabelled, list: "list.txt" })).names).toEqual(["a"]);
    }));
});

describe("coco-panoptic", () => {
  const rows = ["kkkkkkkk", "aaaabbbb", "aaaabbbb", "aaaabbbb", "aaaabbbb", "kkkkkkkk"];
  // Segment 70000 is red 112, green 17, blue 1: 112 + 256 * 17 + 65536.
  const png = colored(rows, { k: [0, 0, 0], a: [112, 17, 1], b: [9, 0, 0] });
  const segments = [
    { id: 70000, category_id: 90, area: 16, bbox: [0, 1, 4, 4], iscrowd: 0 },
    { id: 9, category_id: 3, area: 16, bbox: [4, 1, 4, 4], iscrowd: 1 },
  ];
  async function write(root: string, segments_info: readonly object[]) {
    await images(root, "val2017/a.jpg");
    await file(root, "annotations/panoptic_val2017/a.png", png);
    await file(root, "annotations/panoptic_val2017.json", {
      images: [{ id: 7, file_name: "a.jpg", width: 8, height: 6 }],
      annotations: [{ image_id: 7, file_name: "a.png", segments_info }],
      categories,
    });
  }

  it("reads segments by colour; black is ignored unless it is given a class", () =>
    inTemporaryFolder(async (root) => {
      await write(root, segments);
      const expected = rows.map((row) =>
        row.replace(/./g, (k) => ({ k: ".", a: "b", b: "a" })[k] ?? ""),
      );
      await expectLabel(open("coco-panoptic", root), expected);
      const filled = open("coco-panoptic", root, { unlabelled: "rest" });
      await expectLabel(
        filled,
        expected.map((row) => row.replaceAll(".", "c")),
      );
    }));

  it("has the colours of the categories, where they have one", () =>
    inTemporaryFolder(async (root) => {
      await write(root, segments);
      const colors = [[1, 2, 3], "#010203", [0, 0, 256]];
      const colored = categories.map((category, i) => ({ ...category, color: colors[i] }));
      const path = join(root, "annotations/panoptic_val2017.json");
      const content = JSON.parse(await readFile(path, "utf8")) as object;
      await writeFile(path, JSON.stringify({ ...content, categories: colored }));
      const { classes } = await open("coco-panoptic", root);
      expect(classes.colors[0]).toEqual([1, 2, 3]);
      expect(classes.colors).toHaveLength(categories.length);
    }));

  it("names a segment without category, and missing PNGs", () =>
    inTemporaryFolder(async (root) => {
      await write(root, segments.slice(0, 1));
      const dataset = await open("coco-panoptic", root);
      await userError(dataset.load(0), "label-value", "segment 9", "a.png");
      await userError(open("coco-panoptic", root, { labels: "pngs" }), "dataset-layout", "pngs");
    }));
});
