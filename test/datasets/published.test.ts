import { rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { camvid11, cityscapes19, synthia13, synthia16 } from "../../src/datasets/class-sets.js";
import { openDataset } from "../../src/datasets/open.js";
import { userError } from "../user-error.js";
import {
  inTemporaryFolder,
  makeCamvid,
  makeCityscapes,
  makeGta5,
  makeSynthia,
  sceneLabel,
} from "./fixtures.js";

const layouts = [
  ["gta5", makeGta5],
  ["synthia", makeSynthia],
  ["cityscapes", makeCityscapes],
] as const;

describe.each(layouts)("%s", (type, make) => {
  it("reads the published layout and encoding into Cityscapes train ids", () =>
    inTemporaryFolder(async (root) => {
      const names = await make(root, 3);
      const dataset = await openDataset({ type, root });
      expect(dataset.labelled).toBe(true);
      expect(dataset.classes).toEqual(cityscapes19);
      expect(dataset.names).toEqual(names);
      const scenes = await Promise.all(names.map((_, index) => dataset.load(index)));
      const labels = scenes.map(({ label }) => [...(label ?? [])].join());
      const expected = names.map((_, index) => [...sceneLabel(index)].join());
      expect(labels.sort()).toEqual(expected.sort());
      expect(scenes[0]).toMatchObject({ width: 64, height: 32, name: names[0] });
      expect(scenes[0]?.image).toHaveLength(64 * 32 * 3);
    }));

  it("resizes image and label to the working size", () =>
    inTemporaryFolder(async (root) => {
      await make(root, 1);
      const dataset = await openDataset({ type, root });
      const sample = await dataset.load(0, { width: 20, height: 10 });
      expect(sample).toMatchObject({ width: 20, height: 10 });
      expect(sample.image).toHaveLength(600);
      expect(new Set(sample.label)).toEqual(new Set([10, 2, 8, 0, 13]));
    }));
});

describe("targets without labels", () => {
  it("reads images alone when the label folder is missing", () =>
    inTemporaryFolder(async (root) => {
      await makeCityscapes(root, 2);
      await rm(join(root, "gtFine"), { recursive: true });
      const dataset = await openDataset({ type: "cityscapes", root });
      expect(dataset.labelled).toBe(false);
      expect((await dataset.load(1)).label).toBeUndefined();
    }));

  it("leaves labels unread with labelled: false, damaged ones too", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 2);
      await writeFile(join(root, "labels", "00001.png"), "damaged");
      const dataset = await openDataset({ type: "gta5", root, labelled: false });
      expect(dataset.labelled).toBe(false);
      expect((await dataset.load(0)).label).toBeUndefined();
    }));

  it("requires labels with labelled: true", () =>
    inTemporaryFolder(async (root) => {
      await makeSynthia(root, 1);
      await rm(join(root, "GT"), { recursive: true });
      const open = openDataset({ type: "synthia", root, labelled: true });
      await userError(open, "dataset-layout", join(root, "GT/LABELS"));
    }));
});

describe("camvid", () => {
  it("reads all splits, one split or a list", () =>
    inTemporaryFolder(async (root) => {
      const val = await makeCamvid(root, 2, "val");
      const train = await makeCamvid(root, 3, "train");
      const all = await openDataset({ type: "camvid", root });
      expect(all.names).toEqual([...train, ...val]);
      expect(all.classes).toEqual(camvid11);
      expect((await openDataset({ type: "camvid", root, split: "val" })).names).toEqual(val);
      await writeFile(join(root, "some.txt"), `# two of them\n${val[1]}\n\n${train[0]}.jpg\r\n`);
      const listed = await openDataset({ type: "camvid", root, list: "some.txt" });
      expect(listed.names).toEqual([val[1], train[0]]);
    }));

  it("keeps its own ids, or takes those of Cityscapes", () =>
    inTemporaryFolder(async (root) => {
      await makeCamvid(root, 1);
      const own = await (await openDataset({ type: "camvid", root })).load(0);
      expect(new Set(own.label)).toEqual(new Set([255, 0, 1, 5, 3, 8]));
      const other = await openDataset({ type: "camvid", root, classes: "cityscapes" });
      expect(other.classes).toEqual(cityscapes19);
      expect((await other.load(0)).label).toEqual(sceneLabel(0));
    }));
});

describe("classes and mapping", () => {
  it("renumbers a subset of the classes by name", () =>
    inTemporaryFolder(async (root) => {
      await makeSynthia(root, 1);
      const dataset = await openDataset({ type: "synthia", root, classes: "synthia16" });
      const { label } = await dataset.load(0);
      const expected = [...sceneLabel(0)].map((id) =>
        id === 255 ? 255 : synthia16.names.indexOf(cityscapes19.names[id] as string),
      );
      expect([...(label ?? [])]).toEqual(expected);
      expect(expected).toContain(synthia16.names.indexOf("car"));
      expect(synthia16.names.indexOf("car")).not.toBe(13);
    }));

  it("merges classes through a mapping of names", () =>
    inTemporaryFolder(async (root) => {
      await makeCamvid(root, 1);
      const mapping = { 0: "air", 1: "thing", 5: "thing", 3: 2, 8: "ignore", 11: 255 };
      const classes = ["air", "thing", "ground"];
      const dataset = await openDataset({ type: "camvid", root, classes, mapping });
      const { label } = await dataset.load(0);
      const expected = { 255: 255, 10: 0, 2: 1, 8: 1, 0: 2, 13: 255 } as Record<number, number>;
      expect([...(label ?? [])]).toEqual([...sceneLabel(0)].map((id) => expected[id]));
    }));

  it("names a class that the data set lacks, and the nearest it has", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 1);
      const spec = { type: "gta5", root, classes: ["road", "motorcylce"] };
      await userError(openDataset(spec), "unknown-name", '"motorcylce"', '"motorcycle"');
    }));

  it("has the sizes of the SYNTHIA protocols", () => {
    expect(synthia16.names).toHaveLength(16);
    expect(synthia13.names).toHaveLength(13);
    expect(synthia13.names).not.toContain("wall");
  });
});
