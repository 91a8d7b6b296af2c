import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkDataset } from "../../src/datasets/check.js";
import type { Dataset } from "../../src/datasets/dataset.js";
import { openDataset } from "../../src/datasets/open.js";
import { userError } from "../user-error.js";
import { inTemporaryFolder, writeImage, writeLabel } from "./fixtures.js";

const size = { width: 8, height: 4 };
const classes = ["zero", "one", "two", "three", "four", "five"];

/** An image whose colour is `value`, and a label that is `value` throughout, so that a pair shows. */
async function writePair(image: string, label: string, value: number): Promise<void> {
  await writeImage(image, new Uint8Array(3 * 32).fill(40 * value), size);
  await writeLabel(label, new Uint8Array(32).fill(value), size);
}

/** What the samples of a set show, by name: the value of the image and of the label. */
async function shown(dataset: Dataset): Promise<Record<string, readonly number[]>> {
  const samples = await Promise.all(dataset.names.map((_, index) => dataset.load(index)));
  const entries = samples.map(({ name, image, label }) => [
    name,
    [(image[0] as number) / 40, label?.[0] as number],
  ]);
  return Object.fromEntries(entries) as Record<string, number[]>;
}

/** Layouts that name samples by file: where drive `d`, frame `f` is, and what label value 1 is. */
const BY_FILE = {
  cityscapes: {
    spec: { type: "cityscapes" },
    image: (at: string) => `leftImg8bit/train/${at}_leftImg8bit.png`,
    label: (at: string) => `gtFine/train/${at}_gtFine_labelIds.png`,
    prefix: "",
  },
  "foggy-cityscapes": {
    spec: { type: "foggy-cityscapes" },
    image: (at: string) => `leftImg8bit_foggy/train/${at}_leftImg8bit_foggy_beta_0.02.png`,
    label: (at: string) => `gtFine/train/${at}_gtFine_labelIds.png`,
    prefix: "",
  },
  acdc: {
    spec: { type: "acdc" },
    image: (at: string) => `rgb_anon/fog/train/${at}_rgb_anon.png`,
    label: (at: string) => `gt/fog/train/${at}_gt_labelTrainIds.png`,
    prefix: "fog/",
  },
  "dark-zurich": {
    spec: { type: "dark-zurich" },
    image: (at: string) => `rgb_anon/train/night/${at}_rgb_anon.png`,
    label: (at: string) => `gt/train/night/${at}_gt_labelTrainIds.png`,
    prefix: "",
  },
};

describe.each(Object.entries(BY_FILE))("equal file names in two folders: %s", (_, set) => {
  const mapping = Object.fromEntries(classes.map((name, id) => [id, name]));
  const options = { ...set.spec, classes, mapping };
  const at = ["drive1/000000", "drive1/000001", "drive2/000000", "drive2/000001", "drive3/000000"];
  const make = async (root: string) => {
    for (const [i, place] of at.entries()) {
      await writePair(join(root, set.image(place)), join(root, set.label(place)), i + 1);
    }
    return openDataset({ ...options, root });
  };
  const pairs = (...places: string[]) =>
    Object.fromEntries(
      places.map((place) => [set.prefix + place, [at.indexOf(place) + 1, at.indexOf(place) + 1]]),
    );

  test("are different samples, each with its own label", () =>
    inTemporaryFolder(async (root) => {
      expect(await shown(await make(root))).toEqual(pairs(...at));
    }));

  test("are told apart in lists and in `exclude`", () =>
    inTemporaryFolder(async (root) => {
      await make(root);
      const lines = ["drive2/000001", set.image("drive1/000000"), `${set.prefix}drive3/000000`];
      await writeFile(join(root, "list.txt"), `${lines.join("\n")}\n`);
      const listed = await openDataset({ ...options, root, list: "list.txt" });
      const wanted = ["drive2/000001", "drive1/000000", "drive3/000000"];
      expect(listed.names).toEqual(wanted.map((place) => set.prefix + place));
      expect(await shown(listed)).toEqual(pairs(...wanted));
      const kept = await openDataset({ ...options, root, exclude: lines });
      expect(await shown(kept)).toEqual(pairs("drive1/000001", "drive2/000000"));
      const open = openDataset({ ...options, root, exclude: ["000000"] });
      await userError(open, "dataset-layout", "`exclude`", "000000", "drive1/000000", "3 images");
    }));

  test("do not lengthen names that are unique", () =>
    inTemporaryFolder(async (root) => {
      await make(root);
      for (const place of ["drive2/000000", "drive2/000001", "drive3/000000"]) {
        for (const path of [set.image(place), set.label(place)]) await rm(join(root, path));
      }
      const { names } = await openDataset({ ...options, root });
      expect(names).toEqual([`${set.prefix}000000`, `${set.prefix}000001`]);
    }));
});

describe("folder", () => {
  const folder = (root: string, options = {}) =>
    openDataset({ type: "folder", root, classes, ...options });
  const make = async (root: string, ...names: string[]) => {
    for (const [i, name] of names.entries()) {
      await writePair(join(root, `images/${name}.png`), join(root, `labels/${name}.png`), i + 1);
    }
  };
  /** Puts a suffix or another ending on the names of all files of a folder. */
  const renamed = async (folder: string, change: (stem: string) => string) => {
    for (const name of await readdir(folder)) {
      await rename(join(folder, name), join(folder, change(name.replace(/\.png$/, ""))));
    }
  };

  test("`exclude` takes what a list takes, and names what no image has", () =>
    inTemporaryFolder(async (root) => {
      await make(root, "a/1", "a/2", "b/1", "b/3");
      const names = async (...exclude: string[]) => (await folder(root, { exclude })).names;
      expect(await names("a/1.png")).toEqual(["a/2", "b/1", "b/3"]);
      expect(await names("images/b/1.png", "3")).toEqual(["a/1", "a/2"]);
      expect(await names(join(root, "images/a/2.png"))).toEqual(["a/1", "b/1", "b/3"]);
      const open = folder(root, { exclude: ["a/1", "a/4"] });
      await userError(open, "dataset-layout", "`exclude`", "a/4", "a/1");
    }));

  test("a list may be relative to the root, and repeats no image", () =>
    inTemporaryFolder(async (root) => {
      await make(root, "a/1", "b/1");
      await writeFile(join(root, "list.txt"), "images/b/1.png\na/1\nb/1\n");
      expect((await folder(root, { list: "list.txt" })).names).toEqual(["b/1", "a/1"]);
    }));

  test("a list of images of another split is not read with those of the same names", () =>
    inTemporaryFolder(async (root) => {
      await make(root, "train/1", "val/1");
      const list = join(root, "list.txt");
      const open = () => folder(root, { images: "images/train", labels: "labels/train", list });
      for (const line of ["images/val/1.png", join(root, "images/val/1.png")]) {
        await writeFile(list, `${line}\n`);
        await userError(
          open(),
          "dataset-layout",
          line,
          "another split",
          join(root, "images/train"),
        );
      }
      await writePair(join(root, "full/train/1.png"), join(root, "full/labels/1.png"), 1);
      const same = ["images/train/1.png", "labels/train/1.png", "full/train/1.png", "/x/val/1.png"];
      for (const line of same) {
        await writeFile(list, `${line}\n`);
        expect((await open()).names).toEqual(["1"]);
      }
    }));

  test("a list that is relative to another folder, or has columns, is named", () =>
    inTemporaryFolder(async (root) => {
      await make(root, "a/1", "b/2");
      const list = join(root, "list.txt");
      await writeFile(list, "val/b/../2.png\n");
      const open = () => folder(root, { list: "list.txt" });
      await userError(open(), "dataset-layout", list, "2.png", join(root, "images"), "b/2");
      await writeFile(list, "images/a/1.png labels/a/1.png\n");
      await userError(open(), "dataset-layout", list, "columns");
    }));

  test.each([
    ["_image", "_label"],
    ["", "_labelIds"],
    ["-rgb", ""],
  ])("names that differ by '%s' and '%s' match with suffixes, which are named", (image, label) =>
    inTemporaryFolder(async (root) => {
      await make(root, "0001", "0002", "00021");
      await renamed(join(root, "images"), (stem) => `${stem}${image}.png`);
      await renamed(join(root, "labels"), (stem) => `${stem}${label}.png`);
      const keys = [
        ...(image ? [`\`imageSuffix: ${image}\``] : []),
        ...(label ? [`\`labelSuffix: ${label}\``] : []),
      ];
      await userError(folder(root), "unpaired-files", ...keys);
      const options = {
        ...(image && { imageSuffix: image }),
        ...(label && { labelSuffix: label }),
      };
      expect((await folder(root, options)).names).toEqual(["0001", "0002", "00021"]);
    }),
  );

  test("labels and images in other formats are named", () =>
    inTemporaryFolder(async (root) => {
      await make(root, "0001", "0002");
      await renamed(join(root, "labels"), (stem) => `${stem}.jpg`);
      await userError(folder(root), "unpaired-files", ".jpg", "PNG");
      await renamed(join(root, "labels"), (stem) => `${stem.replace(/\.jpg$/, "")}.png`);
      await rename(join(root, "images/0001.png"), join(root, "images/0001.BMP"));
      await userError(folder(root), "unpaired-files", "0001", ".bmp");
      await rename(join(root, "images/0002.png"), join(root, "images/0002.tiff"));
      await rename(join(root, "images/0001.BMP"), join(root, "images/0001.tiff"));
      await userError(folder(root), "no-images", "2 .tiff files", "0002.tiff");
    }));

  test("a configured folder of labels that is missing is an error", () =>
    inTemporaryFolder(async (root) => {
      await make(root, "0001");
      const open = (options: object) => folder(root, options);
      await userError(open({ labels: "lables" }), "dataset-layout", join(root, "lables"));
      expect((await open({ labels: "lables", labelled: false })).labelled).toBe(false);
      await rm(join(root, "labels"), { recursive: true });
      expect((await open({})).labelled).toBe(false);
    }));
});

test("BDD100K's labels of an older release are named by their suffix", () =>
  inTemporaryFolder(async (root) => {
    const at = (folder: string, name: string) => join(root, folder, "train", name);
    for (const name of ["0004a4c0-d4dff0ad", "00054602-3bf57337"]) {
      const label = at("labels/sem_seg/masks", `${name}_train_id.png`);
      await writePair(at("images/10k", `${name}.jpg`), label, 1);
    }
    const open = openDataset({ type: "bdd100k", root });
    await userError(open, "unpaired-files", "2 images", "`labelSuffix: _train_id`");
  }));

test("two frames that a layout gives one name are named", () =>
  inTemporaryFolder(async (root) => {
    const frames = join(root, "Scene01/clone/frames");
    for (const name of ["rgb_00000.png", "00000.png"]) {
      const path = join(frames, "rgb/Camera_0", name);
      await mkdir(dirname(path), { recursive: true });
      await writeImage(path, new Uint8Array(96), size);
    }
    const open = openDataset({ type: "virtual-kitti-2", root, labelled: false });
    await userError(open, "unpaired-files", "rgb_00000.png", "Scene01/00000");
  }));

test("a pipe among the labels is a problem of the data, and the check continues", () =>
  inTemporaryFolder(async (root) => {
    const { execFileSync } = await import("node:child_process");
    await writePair(join(root, "images/a.png"), join(root, "labels/a.png"), 1);
    await writePair(join(root, "images/b.png"), join(root, "labels/b.png"), 2);
    await rm(join(root, "labels/b.png"));
    execFileSync("mkfifo", [join(root, "labels/b.png")]);
    const report = await checkDataset(await openDataset({ type: "folder", root, classes }));
    expect(report.problems).toEqual([expect.stringContaining("b.png")]);
    expect(report.classes[1]?.images).toBe(1);
  }));
