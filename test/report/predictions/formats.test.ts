import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { decode } from "fast-png";
import { strFromU8, unzipSync } from "fflate";
import { describe, expect, test } from "vitest";
import { camvid11, cityscapes19, classSetOf } from "../../../src/datasets/class-sets.js";
import type { ClassSet } from "../../../src/datasets/dataset.js";
import {
  PREDICTION_FORMATS,
  type PredictionFormatName,
  predictionFormats,
} from "../../../src/report/predictions/formats.js";
import { fixtureSize, inTemporaryFolder, sceneImage, sceneLabel } from "../../datasets/fixtures.js";
import { userError } from "../../user-error.js";
import { brushMask, cocoMask, drawn } from "./decode.js";

const SIZE = { width: 40, height: 30 };
const IMAGES = [
  { name: "x", file: "x.jpg", path: "/photos/x.jpg" },
  { name: "sub dir/x", file: "sub dir/x.png", path: "/photos/sub dir/x.png" },
] as const;
const labelled = IMAGES.map((_, i) => {
  const labels = sceneLabel(i, SIZE);
  return { ...SIZE, labels, image: sceneImage(labels, i) };
});
type Labelled = (typeof labelled)[number];

/** Writes both images, and returns what the writer did. */
async function write(
  out: string,
  format: PredictionFormatName,
  classes: ClassSet = cityscapes19,
  images: readonly Labelled[] = labelled,
) {
  const writer = predictionFormats[format].writer(out, classes);
  const each = [];
  for (const [i, image] of images.entries()) each.push(await writer.add(IMAGES[i] as never, image));
  return { each, files: await writer.finish() };
}

const filesIn = (out: string) =>
  readdirSync(out, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(out.length + 1))
    .sort();
const json = (...path: string[]) => JSON.parse(readFileSync(join(...path), "utf8"));
const png = (bytes: Uint8Array) => decode(bytes);

test.each([
  ["ids", ["sub dir/x-overlay.jpg", "sub dir/x.png", "x-overlay.jpg", "x.png"]],
  ["label-ids", ["sub dir/x.png", "x.png"]],
  ["colour", ["sub dir/x.png", "x.png"]],
  ["cvat", ["cvat.zip"]],
  ["labelme", ["sub dir/x.json", "x.json"]],
  ["label-studio", ["label-studio-config.xml", "label-studio.json"]],
  ["coco", ["coco.json"]],
] as const)("%s writes and names its files", (format, expected) =>
  inTemporaryFolder(async (out) => {
    const { each, files } = await write(out, format);
    expect(filesIn(out)).toEqual(expected);
    const reported = [...each.flatMap((one) => Object.values(one)), ...files];
    expect(reported.map((path) => path.slice(out.length + 1)).sort()).toEqual(expected);
    expect([...predictionFormats[format].files(IMAGES.map(({ name }) => name))].sort()).toEqual(
      expected,
    );
  }),
);

test.each(PREDICTION_FORMATS)(
  "%s writes the same bytes again, and leaves nothing after an error",
  (format) =>
    inTemporaryFolder(async (root) => {
      await write(join(root, "a"), format);
      await write(join(root, "b"), format);
      for (const file of filesIn(join(root, "a"))) {
        const same = readFileSync(join(root, "a", file)).equals(
          readFileSync(join(root, "b", file)),
        );
        expect([file, format === "labelme" || same]).toEqual([file, true]); // its paths are relative
      }
      const writer = predictionFormats[format].writer(join(root, "c"), cityscapes19);
      await writer.add(IMAGES[0], labelled[0] as Labelled);
      writer.discard();
      const left = existsSync(join(root, "c")) ? filesIn(join(root, "c")) : [];
      expect(left).toEqual([]);
    }),
);

describe("label-ids", () => {
  test("are Cityscapes' ids, 0 where ignored", () =>
    inTemporaryFolder(async (out) => {
      await write(out, "label-ids");
      const { data, channels } = png(readFileSync(join(out, "x.png")));
      expect(channels).toBe(1);
      const idOf = { 0: 7, 2: 11, 8: 21, 10: 23, 13: 26, 255: 0 } as Record<number, number>;
      expect([...data]).toEqual([...sceneLabel(0, SIZE)].map((trainId) => idOf[trainId]));
    }));

  test("need classes of Cityscapes, in any order", () =>
    inTemporaryFolder(async (out) => {
      await userError(write(out, "label-ids", camvid11), "class-mismatch", "pavement", "tree");
      const classes = classSetOf(["car", "road"]);
      const labels = Uint8Array.from({ length: 1200 }, (_, i) => i % 2);
      await write(out, "label-ids", classes, [{ ...labelled[0], labels } as Labelled]);
      expect([...png(readFileSync(join(out, "x.png"))).data.slice(0, 2)]).toEqual([26, 7]);
    }));
});

test("colour is an RGB PNG in the colours of the classes", () =>
  inTemporaryFolder(async (out) => {
    await write(out, "colour");
    const { data, channels } = png(readFileSync(join(out, "x.png")));
    expect(channels).toBe(3);
    const wanted = [...sceneLabel(0, SIZE)].flatMap((id) => cityscapes19.colors[id] ?? [0, 0, 0]);
    expect([...data]).toEqual(wanted);
  }));

describe("cvat", () => {
  test("is a zip of Segmentation mask 1.1, whose colours give the labels", () =>
    inTemporaryFolder(async (out) => {
      await write(out, "cvat");
      const files = unzipSync(readFileSync(join(out, "cvat.zip")));
      expect(Object.keys(files).sort()).toEqual([
        "ImageSets/Segmentation/default.txt",
        "SegmentationClass/sub dir/x.png",
        "SegmentationClass/x.png",
        "SegmentationObject/sub dir/x.png",
        "SegmentationObject/x.png",
        "labelmap.txt",
      ]);
      const text = (name: string) => strFromU8(files[name] as Uint8Array);
      expect(text("ImageSets/Segmentation/default.txt")).toBe("x\nsub dir/x\n");
      const [, background, ...rows] = text("labelmap.txt").trimEnd().split("\n");
      expect(background).toBe("background:0,0,0::");
      expect(rows[13]).toBe("car:0,0,142::");
      const idOf = new Map(rows.map((row, id) => [row.split(":")[1], id]));
      const { data } = png(files["SegmentationClass/x.png"] as Uint8Array);
      const found = sceneLabel(0, SIZE).map((_, i) => {
        return idOf.get(data.slice(3 * i, 3 * i + 3).join()) ?? 255;
      });
      expect(found).toEqual(sceneLabel(0, SIZE));
      // Instances have the colours of Pascal VOC's palette: number 14 is car.
      const instances = png(files["SegmentationObject/x.png"] as Uint8Array).data;
      const car = sceneLabel(0, SIZE).indexOf(13);
      expect([...instances.slice(3 * car, 3 * car + 3)]).toEqual([64, 128, 128]);
      expect([...instances.slice(0, 3)]).toEqual([0, 0, 0]);
    }));

  test("tells classes apart that share a colour or are black, and refuses names it cannot write", () =>
    inTemporaryFolder(async (out) => {
      const same = {
        names: ["a", "b", "background"],
        colors: [
          [0, 0, 0],
          [9, 9, 9],
          [9, 9, 9],
        ],
      };
      await write(out, "cvat", same as never);
      const map = strFromU8(
        unzipSync(readFileSync(join(out, "cvat.zip")))["labelmap.txt"] as Uint8Array,
      );
      const colors = map
        .trimEnd()
        .split("\n")
        .slice(1)
        .map((row) => row.split(":")[1]);
      expect(new Set([...colors, "0,0,0"]).size).toBe(4);
      for (const name of ["a:b", "#a", "a "]) {
        const classes = { names: [name], colors: [[1, 2, 3]] } as never;
        await userError(write(out, "cvat", classes), "class-mismatch", name);
      }
      const { add, discard } = predictionFormats.cvat.writer(out, cityscapes19);
      const comment = { name: "#x", file: "#x.png", path: "photos/#x.png" };
      await userError(add(comment, labelled[0] as Labelled), "unsupported-file", "photos/#x.png");
      discard();
    }));
});

test("labelme has polygons that draw the labels, and the way to the image", () =>
  inTemporaryFolder(async (out) => {
    const images = labelled.map((image) => {
      const labels = image.labels.slice();
      labels[0] = 10; // a corner without an ignored pixel: all edges are straight
      return { ...image, labels };
    });
    await write(out, "labelme", cityscapes19, images);
    for (const [i, { name, path }] of IMAGES.entries()) {
      const file = join(out, `${name}.json`);
      const found = json(file);
      expect(found).toMatchObject({ imageData: null, imageWidth: 40, imageHeight: 30 });
      expect(join(file, "..", found.imagePath)).toBe(path);
      const shapes = found.shapes.map(({ label, points, shape_type }: never) => {
        expect(shape_type).toBe("polygon");
        return { value: cityscapes19.names.indexOf(label), points };
      });
      expect(drawn(shapes, SIZE)).toEqual(images[i]?.labels);
    }
  }));

test("label-studio has tasks whose brush labels are the labels, and their configuration", () =>
  inTemporaryFolder(async (out) => {
    await write(out, "label-studio");
    const tasks = json(out, "label-studio.json");
    expect(tasks.map((task: { data: object }) => task.data)).toEqual([
      { image: "/data/local-files/?d=x.jpg" },
      { image: "/data/local-files/?d=sub%20dir/x.png" },
    ]);
    for (const [i, task] of tasks.entries()) {
      const found = new Uint8Array(1200).fill(255);
      for (const region of task.predictions[0].result) {
        expect(region).toMatchObject({ original_width: 40, original_height: 30 });
        const { format, rle, brushlabels } = region.value;
        expect(format).toBe("rle");
        const mask = brushMask(rle);
        for (const at of found.keys()) {
          if (mask[at]) found[at] = cityscapes19.names.indexOf(brushlabels[0]);
        }
      }
      expect(found).toEqual(sceneLabel(i, SIZE));
    }
    const config = readFileSync(join(out, "label-studio-config.xml"), "utf8");
    expect(config).toContain('<Label value="car" background="#00008e"/>');
    const { from_name, to_name } = tasks[0].predictions[0].result[0];
    expect(config).toContain(`<BrushLabels name="${from_name}" toName="${to_name}">`);
  }));

test("coco has regions whose RLE is the labels", () =>
  inTemporaryFolder(async (out) => {
    await write(out, "coco");
    const { images, annotations, categories } = json(out, "coco.json");
    expect(images).toEqual([
      { id: 1, file_name: "x.jpg", ...SIZE },
      { id: 2, file_name: "sub dir/x.png", ...SIZE },
    ]);
    expect(categories[13]).toEqual({ id: 14, name: "car", supercategory: "" });
    expect(new Set(annotations.map(({ id }: { id: number }) => id)).size).toBe(annotations.length);
    for (const { id } of images) {
      const found = new Uint8Array(1200).fill(255);
      for (const { image_id, category_id, segmentation, area, bbox } of annotations) {
        if (image_id !== id) continue;
        expect(segmentation.size).toEqual([30, 40]);
        const mask = cocoMask(segmentation.counts, SIZE);
        const inside = [...mask.keys()].filter((at) => mask[at]);
        expect(area).toBe(inside.length);
        const [xs, ys] = [inside.map((at) => at % 40), inside.map((at) => Math.floor(at / 40))];
        const [left, top] = [Math.min(...xs), Math.min(...ys)];
        const size = [Math.max(...xs) - left + 1, Math.max(...ys) - top + 1];
        expect(bbox).toEqual([left, top, ...size]);
        for (const at of inside) found[at] = category_id - 1;
      }
      expect(found).toEqual(sceneLabel(id - 1, SIZE));
    }
  }));

test("the fixture has several regions", () => {
  expect(new Set(sceneLabel(0, SIZE)).size).toBe(6);
  expect(fixtureSize).not.toEqual(SIZE);
});
