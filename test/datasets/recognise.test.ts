import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { classNamesIn } from "../../src/datasets/survey/label-values.js";
import { recognise } from "../../src/datasets/survey/recognise.js";
import { inTemporaryFolder } from "./fixtures.js";
import { colored, file, images, mask } from "./tools/export.js";

const label = mask(["aabb", "aabb"]);

/** Writes a label of the same name into each folder. */
const labels = async (root: string, ...names: readonly string[]) => {
  for (const name of names) await file(root, name, label);
};

/** What is recognised, without the root. */
async function found(root: string) {
  const { root: _, ...spec } = (await recognise(root, "train")).spec;
  return spec;
}

describe("of folders of images with the same names, those are taken", () => {
  test("that are beside the labels", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "test/images/1.png", "train/images/1.png");
      await labels(root, "train/labels/1.png");
      expect(await found(root)).toMatchObject({ images: "train/images", labels: "train/labels" });
    }));

  test.each(["depth", "DepthPlanar", "normals"])("that are not %s", (other) =>
    inTemporaryFolder(async (root) => {
      await images(root, `${other}/1.png`, "scene/1.png");
      await labels(root, "instance_masks/1.png", "semantic_masks/1.png");
      expect(await found(root)).toMatchObject({ images: "scene", labels: "semantic_masks" });
    }),
  );
});

describe("a published layout is told by more than its folders:", () => {
  test("CARLA's tags by the road and the sky", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "old/rgb/1.png", "new/rgb/1.png");
      const rows = ["ssssssss", "bbbbbbbb", "rrrrrrrr"];
      const tags = (road: number, sky: number, building: number) =>
        colored(rows, { s: [sky, 0, 0], b: [building, 0, 0], r: [road, 0, 0] });
      await file(root, "old/semantic/Town01/1.png", tags(7, 13, 1));
      await file(root, "new/semantic/1.png", tags(1, 11, 3));
      expect((await found(join(root, "old"))).type).toBe("carla-0.9.10");
      expect((await found(join(root, "new"))).type).toBe("carla");
    }));

  test("Mapillary by its other folders, or the names of its images", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "own/training/images/0001.png");
      await labels(root, "own/training/labels/0001.png");
      await images(
        root,
        "new/training/images/a.jpg",
        "old/training/images/aB3_-xxxxxxxxxxxxxxxxx.jpg",
      );
      await labels(root, "new/training/v1.2/labels/a.png");
      const types = ["own", "new", "old"].map(async (name) => (await found(join(root, name))).type);
      expect(await Promise.all(types)).toEqual(["folder", "mapillary", "mapillary"]);
    }));

  test("SYNTHIA's scenes, not its sequences, by images in RGB", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "scenes/RGB/1.png", "video/RGB/Left/Omni_F/1.png");
      await labels(root, "scenes/GT/LABELS/1.png", "video/GT/LABELS/Left/Omni_F/1.png");
      expect((await found(join(root, "scenes"))).type).toBe("synthia");
      expect((await found(join(root, "video"))).type).not.toBe("synthia");
    }));

  test("Pascal VOC by the absence of a list of classes", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "JPEGImages/1.png");
      await labels(root, "SegmentationClassPNG/1.png");
      await file(root, "SegmentationClass/1.npy", "an array");
      await file(root, "class_names.txt", "_background_\nroad\n");
      expect(await found(root)).toMatchObject({
        type: "folder",
        images: "JPEGImages",
        labels: "SegmentationClassPNG",
      });
    }));
});

test("LabelMe's list of names begins at -1 with __ignore__", () =>
  inTemporaryFolder(async (root) => {
    await file(root, "labels.txt", "__ignore__\n_background_\nroad\n");
    expect([...(await classNamesIn(root, "id"))]).toEqual([
      [0, "_background_"],
      [1, "road"],
    ]);
  }));
