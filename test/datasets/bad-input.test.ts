import { mkdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { openDataset } from "../../src/datasets/open.js";
import { UserError } from "../../src/errors.js";
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

/** The message of the UserError that `action` must reject with. */
async function complaint(action: Promise<unknown>): Promise<string> {
  const error = await action.then(
    () => expect.fail("no error"),
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(UserError);
  const { message } = error as UserError;
  expect(message).not.toContain("\n");
  return message;
}

describe("folders", () => {
  it("names a missing root and what was expected in it", async () => {
    const message = await complaint(openDataset({ type: "gta5", root: "nowhere/gta5" }, "/data"));
    expect(message).toBe(
      "/data/nowhere/gta5 does not exist: expected the GTA5 layout: images/00001.png, " +
        "labels/00001.png; check `root`.",
    );
  });

  it("says that the root is a file", () =>
    inTemporaryFolder(async (root) => {
      await writeFile(join(root, "file"), "");
      const message = await complaint(openDataset({ type: "synthia", root: join(root, "file") }));
      expect(message).toMatch(/file is a file, not a folder: expected the SYNTHIA/);
    }));

  it("names a missing split and an empty one", () =>
    inTemporaryFolder(async (root) => {
      await makeCityscapes(root, 1);
      const spec = { type: "cityscapes", root, split: "val" };
      expect(await complaint(openDataset(spec))).toMatch(/leftImg8bit\/val does not exist/);
      await mkdir(join(root, "leftImg8bit", "val"));
      expect(await complaint(openDataset(spec))).toMatch(
        /leftImg8bit\/val: no images found; expected \*_leftImg8bit\.png/,
      );
    }));

  it("refuses to train on no image at all", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 2);
      const spec = { type: "gta5", root, exclude: ["00001", "00002"] };
      expect(await complaint(openDataset(spec))).toMatch(/`exclude` leaves no image of 2/);
    }));

  it("names images without labels and labels without images, three at most", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 6);
      for (const name of ["00002", "00003", "00004", "00005"]) {
        await rm(join(root, "labels", `${name}.png`));
      }
      await rm(join(root, "images", "00001.png"));
      expect(await complaint(openDataset({ type: "gta5", root }))).toBe(
        `${root}: 4 images (00002, 00003, 00004 and 1 more) without label and 1 label (00001) ` +
          "without image, of 5 images and 2 labels (PNG): complete the set, name the samples to " +
          "use in a `list`, or read it with `labelled: false`.",
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
      expect(await complaint(openDataset({ type: "gta5", root }))).toMatch(
        /two files of the name 00001 \(00001\.(png|jpg) and 00001\.(png|jpg)\)/,
      );
    }));
});

describe("lists", () => {
  it("names a missing list, an empty one and an unknown entry", () =>
    inTemporaryFolder(async (root) => {
      await makeCamvid(root, 2);
      const open = (list: string) => complaint(openDataset({ type: "camvid", root, list }));
      expect(await open("lst.txt")).toMatch(
        /lst\.txt: the list does not exist.*did you mean list\.txt/,
      );
      await writeFile(join(root, "empty.txt"), "\n# nothing\n");
      expect(await open("empty.txt")).toMatch(/empty\.txt: the list is empty/);
      await writeFile(join(root, "wrong.txt"), "train/0016E5_00031\n");
      expect(await open("wrong.txt")).toMatch(
        /no image is called train\/0016E5_00031; names look like train\/0016E5_000\d0/,
      );
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
        expect(await complaint(dataset.load(0))).toMatch(
          /labels\/00001\.png: the PNG is truncated or damaged/,
        );
      }
      for (const share of [0.001, 0.5, 0.9]) {
        await writeFile(image, pixels.subarray(0, Math.floor(pixels.length * share)));
        expect(await complaint(dataset.load(1))).toMatch(
          /images\/00002\.png: the image cannot be read \(.+\); it must be a whole PNG/,
        );
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
      expect(await complaint(dataset.load(0))).toMatch(/truncated or damaged/);
    }));

  it("names files that are no images and labels that are no PNG", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 2);
      await writeFile(join(root, "images", "00001.png"), "<html>not found</html>");
      await writeFile(
        join(root, "labels", "00002.png"),
        await readFile(join(root, "images", "00002.png")).then((b) => b.subarray(1)),
      );
      const dataset = await openDataset({ type: "gta5", root });
      expect(await complaint(dataset.load(0))).toMatch(
        /images\/00001\.png: the image cannot be read/,
      );
      expect(await complaint(dataset.load(1))).toMatch(/labels\/00002\.png: this is not a PNG/);
      await writeFile(join(root, "labels", "00002.png"), "");
      expect(await complaint(dataset.load(1))).toMatch(/00002\.png: the file is empty/);
      await rm(join(root, "labels", "00002.png"));
      expect(await complaint(dataset.load(1))).toMatch(/00002\.png.*\(no such file\)/);
    }));

  it("refuses a label of another size than its image, naming both", () =>
    inTemporaryFolder(async (root) => {
      await makeGta5(root, 1);
      await writeLabel(join(root, "labels", "00001.png"), new Uint8Array(32 * 16), {
        width: 32,
        height: 16,
      });
      const dataset = await openDataset({ type: "gta5", root });
      expect(await complaint(dataset.load(0, { width: 8, height: 8 }))).toMatch(
        /labels\/00001\.png: the label is 32x16, but its image .*images\/00001\.png is 64x32.*exclude: \["00001"\]/,
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
      expect(await complaint(dataset.load(0))).toBe(
        `${join(root, "labels", "a.png")}: label id 9 at x 5, y 2 is not in the mapping, which ` +
          "knows ids 0, 7-8, nor is 12: add `9: <class>` to `mapping` (`9: 255` ignores these pixels).",
      );
      const plain = await openDataset({ ...spec, root });
      expect(await complaint(plain.load(0))).toMatch(/label id 7 at x 0, y 0.*ids 0-1, 255/);
    }));

  it("finds a stray id that the working size would skip", () =>
    inTemporaryFolder(async (root) => {
      const ids = new Uint8Array(32);
      ids[0] = 77;
      await oneSample(root, encodeLabel(ids, size, "palette"));
      const dataset = await openDataset({ ...spec, root });
      expect(await complaint(dataset.load(0, { width: 2, height: 1 }))).toMatch(
        /label id 77 at x 0/,
      );
    }));

  it("refuses colours where ids are expected, and the reverse for 16 bit", () =>
    inTemporaryFolder(async (root) => {
      const rgb = new Uint8Array(96).fill(128);
      rgb.set([0, 64, 128], 9);
      await oneSample(root, encode({ ...size, channels: 3, data: rgb }));
      const dataset = await openDataset({ ...spec, root });
      expect(await complaint(dataset.load(0))).toMatch(/holds colours \(#004080 at x 3, y 0\)/);
      const mapping = { "#808080": "road" };
      const colored = await openDataset({ ...spec, root, mapping });
      expect(await complaint(colored.load(0))).toMatch(
        /label colour "#004080" at x 3, y 0 is not in the mapping, which knows 1 other colour:/,
      );
      await oneSample(root, encodeLabel(new Uint8Array(32), size, "rgb16"));
      expect(await complaint(colored.load(0))).toMatch(/16-bit PNG.*use ids as keys/);
    }));
});

describe("options", () => {
  it.each([
    [{ root: "x" }, /^dataset\.type is missing; expected one of gta5, synthia/],
    [{ type: "cityscape", root: "x" }, /"cityscape" is unknown.*did you mean cityscapes\?/],
    [{ type: "gta5", root: "x", lsit: "a" }, /dataset\.lsit is no option.*did you mean list\?/],
    [{ type: "gta5" }, /^dataset\.root: expected string, received undefined\.$/],
    [{ type: "cityscapes", root: "x", split: "tain" }, /^dataset\.split: expected one of/],
    [
      { type: "folder", root: "x", classes: "camvit" },
      /^dataset\.classes: expected cityscapes, camvid/,
    ],
    [
      { type: "folder", root: "x", classes: ["a"], mapping: [1] },
      /^dataset\.mapping: expected `id: class`/,
    ],
    [{ type: "folder", root: "x", classes: ["a", "a"] }, /"a" is listed twice/],
    [
      { type: "folder", root: "x", classes: ["road"], mapping: { 7: "raod" } },
      /mapping: 7: "raod" is no class.*did you mean "road"/,
    ],
    [
      { type: "folder", root: "x", classes: ["road"], mapping: { 7: 1 } },
      /mapping: 7: 1 is no class.*\(0\.\.0\)/,
    ],
    [
      { type: "folder", root: "x", classes: ["road"], mapping: { road: 7 } },
      /the key "road" is no label id/,
    ],
    [
      { type: "folder", root: "x", classes: ["road"], mapping: { "#123456": 0, 7: 0 } },
      /the key "7" is no colour/,
    ],
    [{ type: "folder", root: "x", classes: ["road"], mapping: {} }, /mapping: it is empty/],
    [
      { type: "folder", root: "x", classes: ["road"], mapping: "no.yaml" },
      /no\.yaml: the mapping cannot be read/,
    ],
    [7, /^dataset\.type is missing/],
  ])("%j", async (spec, message) => {
    expect(await complaint(openDataset(spec))).toMatch(message);
  });
});
