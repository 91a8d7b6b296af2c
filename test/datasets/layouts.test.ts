import { rename } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkDataset } from "../../src/datasets/check.js";
import { camvid11, cityscapes19, synthia13 } from "../../src/datasets/class-sets.js";
import type { ClassSet } from "../../src/datasets/dataset.js";
import { openDataset } from "../../src/datasets/open.js";
import { userError } from "../user-error.js";
import {
  cityscapesId,
  fixtureSize,
  inTemporaryFolder,
  makeGta5,
  sceneImage,
  sceneLabel,
  writeImage,
  writeLabel,
} from "./fixtures.js";

/** A published set: where sample `i` is, and the label value of train id `k`. */
interface Published {
  readonly spec: Record<string, unknown>;
  readonly image: (i: number) => string;
  readonly label: (i: number) => string;
  /** Value in the file for a train id of the 19 classes; 255 is what the set ignores. */
  readonly value: (trainId: number) => number;
  /** The label is an RGB image of 0xrrggbb values rather than one of ids. */
  readonly colors?: boolean;
  readonly classes?: ClassSet;
}

const frame = (i: number, digits = 6) => String(i).padStart(digits, "0");
const labelId = (k: number) => cityscapesId[k] ?? 0;
const trainId = (k: number) => k;
const table = (values: Record<number, number>, other: number) => (k: number) => values[k] ?? other;

const SETS: Record<string, Published> = {
  acdc: {
    spec: { type: "acdc", split: "val" },
    image: (i) => `rgb_anon/${i % 2 ? "fog" : "night"}/val/GOPR0${i}/f_${frame(i)}_rgb_anon.png`,
    label: (i) => `gt/${i % 2 ? "fog" : "night"}/val/GOPR0${i}/f_${frame(i)}_gt_labelTrainIds.png`,
    value: trainId,
  },
  bdd100k: {
    spec: { type: "bdd100k" },
    image: (i) => `images/10k/train/${frame(i)}-a1b2.jpg`,
    label: (i) => `labels/sem_seg/masks/train/${frame(i)}-a1b2.png`,
    value: trainId,
  },
  carla: {
    spec: { type: "carla" },
    image: (i) => `rgb/${frame(i)}.png`,
    label: (i) => `semantic/${frame(i)}.png`,
    value: (k) => (k === 255 ? 0 : k + 1) << 16,
    colors: true,
  },
  "carla before 0.9.14": {
    spec: { type: "carla-0.9.10", images: "front", labels: "front_tags" },
    image: (i) => `front/${frame(i)}.png`,
    label: (i) => `front_tags/${frame(i)}.png`,
    value: (k) => table({ 0: 7, 2: 1, 8: 9, 10: 13, 13: 10 }, 0)(k) << 16,
    colors: true,
  },
  crosscity: {
    spec: { type: "crosscity", city: "Rio", split: "test" },
    image: (i) => `Rio/Images/Test/pano_${frame(i)}.png`,
    label: (i) => `Rio/Labels/Test/pano_${frame(i)}_eval.png`,
    value: labelId,
    classes: synthia13,
  },
  "dark-zurich": {
    spec: { type: "dark-zurich", split: "val" },
    image: (i) => `rgb_anon/val/night/GOPR0356/GOPR0356_frame_${frame(i)}_rgb_anon.png`,
    label: (i) => `gt/val/night/GOPR0356/GOPR0356_frame_${frame(i)}_gt_labelTrainIds.png`,
    value: trainId,
  },
  "foggy-cityscapes": {
    spec: { type: "foggy-cityscapes", beta: 0.01 },
    image: (i) =>
      `leftImg8bit_foggy/train/ulm/ulm_${frame(i)}_000019_leftImg8bit_foggy_beta_0.01.png`,
    label: (i) => `gtFine/train/ulm/ulm_${frame(i)}_000019_gtFine_labelIds.png`,
    value: labelId,
  },
  kitti: {
    spec: { type: "kitti" },
    image: (i) => `training/image_2/${frame(i)}_10.png`,
    label: (i) => `training/semantic/${frame(i)}_10.png`,
    value: labelId,
  },
  mapillary: {
    spec: { type: "mapillary", split: "validation" },
    image: (i) => `validation/images/${frame(i)}_xyz.jpg`,
    label: (i) => `validation/v1.2/labels/${frame(i)}_xyz.png`,
    value: table({ 0: 13, 2: 17, 8: 30, 10: 27, 13: 55 }, 65),
  },
  synscapes: {
    spec: { type: "synscapes" },
    image: (i) => `img/rgb/${i + 1}.png`,
    label: (i) => `img/class/${i + 1}.png`,
    value: labelId,
  },
  "virtual-kitti-2": {
    spec: { type: "virtual-kitti-2", condition: "fog" },
    image: (i) => `Scene0${(i % 2) + 1}/fog/frames/rgb/Camera_0/rgb_${frame(i, 5)}.jpg`,
    label: (i) =>
      `Scene0${(i % 2) + 1}/fog/frames/classSegmentation/Camera_0/classgt_${frame(i, 5)}.png`,
    value: table({ 0: 0x643c64, 2: 0x8c8c8c, 8: 0x00c700, 10: 0x5ac8ff, 13: 0xff7f50 }, 0),
    colors: true,
  },
};

const COUNT = 3;

async function make(root: string, { image, label, value, colors }: Published): Promise<void> {
  for (let i = 0; i < COUNT; i++) {
    const scene = sceneLabel(i);
    await writeImage(join(root, image(i)), sceneImage(scene, i), fixtureSize);
    const values = [...scene].map((id) => value(id));
    if (!colors) await writeLabel(join(root, label(i)), Uint8Array.from(values), fixtureSize);
    else {
      const rgb = values.flatMap((color) => [color >> 16, (color >> 8) & 255, color & 255]);
      await writeImage(join(root, label(i)), Uint8Array.from(rgb), fixtureSize);
    }
  }
}

describe.each(Object.entries(SETS))("%s", (_, set) => {
  const { classes = cityscapes19, spec } = set;

  test("is read as published: layout, encoding, classes", () =>
    inTemporaryFolder(async (root) => {
      await make(root, set);
      const dataset = await openDataset({ ...spec, root });
      expect(dataset.labelled).toBe(true);
      expect(dataset.classes).toEqual(classes);
      expect(dataset.names).toHaveLength(COUNT);
      const labels = await Promise.all(
        dataset.names.map(async (_name, i) => [...((await dataset.load(i)).label ?? [])].join()),
      );
      const expected = Array.from({ length: COUNT }, (_, i) =>
        [...sceneLabel(i)]
          .map((id) => (id === 255 ? 255 : classes.names.indexOf(cityscapes19.names[id] as string)))
          .join(),
      );
      expect(labels.sort()).toEqual(expected.sort());
      expect((await checkDataset(dataset)).problems).toEqual([]);
    }));

  test("is read without labels, as a target", () =>
    inTemporaryFolder(async (root) => {
      await make(root, set);
      const dataset = await openDataset({ ...spec, root, labelled: false });
      expect((await dataset.load(0)).label).toBeUndefined();
    }));
});

test("Cityscapes classes become CamVid's 11 by name", () =>
  inTemporaryFolder(async (root) => {
    await makeGta5(root, 1);
    const dataset = await openDataset({ type: "gta5", root, classes: "camvid" });
    const { label = new Uint8Array() } = await dataset.load(0);
    const name = (id: number) => camvid11.names[id] ?? "ignored";
    const wanted = { 255: "ignored", 10: "sky", 2: "building", 8: "tree", 0: "road", 13: "car" };
    expect([...label].map(name)).toEqual(
      [...sceneLabel(0)].map((id) => wanted[id as keyof typeof wanted]),
    );
  }));

describe("usual mistakes", () => {
  const ids = async (root: string, file: string, value: (k: number) => number) =>
    writeLabel(join(root, file), sceneLabel(0).map(value), fixtureSize);
  const problems = async (spec: Record<string, unknown>) =>
    (await checkDataset(await openDataset(spec))).problems;

  test("one level too high and one too deep", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(join(root, "gta5"), 1);
      const open = (folder: string) => openDataset({ type: "gta5", root: folder });
      const right = `\`root\` to ${join(root, "gta5")} `;
      await userError(open(root), "dataset-layout", right);
      await userError(open(join(root, "gta5", "images")), "dataset-layout", right);
    }));

  test("train ids where label ids are expected", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 1);
      await ids(root, "labels/00001.png", trainId);
      expect((await problems({ type: "gta5", root }))[0]).toMatch(/train ids.*label ids.*label-id/);
    }));

  test("label ids where train ids are expected", () =>
    inTemporaryFolder(async (root) => {
      await make(root, SETS.bdd100k as Published);
      for (let i = 0; i < COUNT; i++) {
        await ids(root, `labels/sem_seg/masks/train/${frame(i)}-a1b2.png`, labelId);
      }
      expect((await problems({ type: "bdd100k", root }))[0]).toMatch(/19 to 33.*label ids/);
    }));

  test("colours where ids are expected", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 1);
      await writeImage(join(root, "labels/00001.png"), sceneImage(sceneLabel(0), 0), fixtureSize);
      expect((await problems({ type: "gta5", root }))[0]).toMatch(/00001\.png.*#[0-9a-f]{6}/);
    }));

  test("SYNTHIA's labels converted to 8 bit", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 1);
      await rename(join(root, "images"), join(root, "RGB"));
      await ids(root, "GT/LABELS/00001.png", () => 0);
      expect(await problems({ type: "synthia", root })).toEqual([
        expect.stringMatching(/8-bit.*16-bit.*GT\/LABELS/),
      ]);
    }));
});
