import { rename, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkDataset, spread } from "../../src/datasets/check.js";
import type { ClassSet, Dataset } from "../../src/datasets/dataset.js";
import { openDataset } from "../../src/datasets/open.js";
import { formatCheck } from "../../src/report/check-report.js";
import { contactSheet } from "../../src/report/contact-sheet.js";
import {
  fixtureSize,
  inTemporaryFolder,
  makeCamvid,
  makeFaulty,
  makeGta5,
  sceneLabel,
  writeImage,
  writeLabel,
} from "./fixtures.js";

const folder = (root: string, options = {}): Promise<Dataset> =>
  openDataset({ type: "folder", root, classes: "cityscapes", ...options });

describe("checkDataset", () => {
  test("counts pixels and images of every class at the size of the files", async () => {
    await inTemporaryFolder(async (root) => {
      await makeGta5(root, 3);
      const large = { width: 128, height: 64 };
      const image = new Uint8Array(128 * 64 * 3);
      await writeImage(join(root, "images", "9.png"), image, large);
      // 26 is the id of a car: train id 13.
      await writeLabel(join(root, "labels", "9.png"), image.slice(0, 128 * 64).fill(26), large);
      const report = await checkDataset(await openDataset({ type: "gta5", root }));
      expect(report).toMatchObject({ images: 4, checked: 4, labelled: true, problems: [] });
      expect(report.sizes).toEqual([
        { size: fixtureSize, images: 3 },
        { size: large, images: 1 },
      ]);

      const pixels = new Array<number>(256).fill(0);
      for (let scene = 0; scene < 3; scene++) {
        for (const id of sceneLabel(scene)) pixels[id] = (pixels[id] as number) + 1;
      }
      pixels[13] = (pixels[13] as number) + 128 * 64;
      const all = 3 * 64 * 32 + 128 * 64;
      for (const [trainId, { share, images }] of report.classes.entries()) {
        expect(share).toBeCloseTo((pixels[trainId] as number) / all, 12);
        expect(images).toBe(trainId === 13 ? 4 : pixels[trainId] ? 3 : 0);
      }
      expect(report.ignored).toBeCloseTo(3 / all, 12);
    });
  });

  test("names every fault and continues to the last sample", async () => {
    await inTemporaryFolder(async (root) => {
      await makeFaulty(root);
      const { checked, problems, sizes, classes } = await checkDataset(await folder(root));
      expect(checked).toBe(5);
      expect(problems).toEqual([
        expect.stringMatching(/images\/a\.png/),
        expect.stringMatching(/labels\/c\.png.* 77 at x 36, y 1 /),
        expect.stringMatching(/labels\/d\.png.* 32x16.*images\/d\.png.* 64x32/),
      ]);
      expect(sizes).toEqual([{ size: fixtureSize, images: 2 }]);
      expect(classes[13]).toEqual({ share: 1, images: 2 });
    });
  });

  test("labels without a pixel of any class are a problem", async () => {
    await inTemporaryFolder(async (root) => {
      await makeCamvid(root, 2);
      const mapping = { 0: 255, 1: 255, 3: 255, 5: 255, 8: 255, 11: 255 };
      const set = await openDataset({ type: "camvid", root, classes: ["thing", "stuff"], mapping });
      const { ignored, problems } = await checkDataset(set);
      expect(ignored).toBe(1);
      expect(problems).toEqual([expect.stringMatching(/^camvid .*thing, stuff.*`mapping`/)]);
    });
  });

  test("train ids that are not classes are a problem", async () => {
    const set: Dataset = {
      ...{ name: "mine", labelled: true, names: ["one"] },
      classes: { names: ["road", "sky"], colors: [] },
      load: async () => ({
        ...{ name: "one", width: 2, height: 1, image: new Uint8Array(6) },
        label: Uint8Array.from([1, 2]),
      }),
    };
    const { problems } = await checkDataset(set);
    expect(problems).toEqual([expect.stringMatching(/^one: .*train id 2.* 2 classes/)]);
  });

  test("reads `limit` samples spread over the set, at most `ahead` of them in advance", async () => {
    let started = 0;
    let finished = 0;
    let most = 0;
    const read: number[] = [];
    const set: Dataset = {
      ...{ name: "many", labelled: false, classes: { names: ["road"], colors: [] } },
      names: Array.from({ length: 100 }, (_, i) => `${i}`),
      load: async (index) => {
        read.push(index);
        most = Math.max(most, ++started - finished);
        await new Promise((resolve) => setTimeout(resolve, 1));
        finished++;
        return { name: `${index}`, width: 1, height: 1, image: new Uint8Array(3) };
      },
    };
    const steps: string[] = [];
    const onSample = (done: number, total: number) => steps.push(`${done}/${total}`);
    const report = await checkDataset(set, { limit: 10, ahead: 2, onSample });
    expect(read).toEqual([0, 10, 20, 30, 40, 50, 60, 70, 80, 90]);
    expect(most).toBe(3);
    expect(steps.at(-1)).toBe("10/10");
    expect(report).toMatchObject({ images: 100, checked: 10, classes: [], ignored: 0 });
  });

  test("names of data sets and files reach the terminal without control characters", async () => {
    await inTemporaryFolder(async (root) => {
      const set = join(root, "a\u001b[31mb");
      await makeGta5(set, 2);
      await writeFile(join(set, "images", "00001.png"), "");
      await rename(join(set, "images/00002.png"), join(set, "images/\u001b]0;x\u0007.png"));
      await rename(join(set, "labels/00002.png"), join(set, "labels/\u001b]0;x\u0007.png"));
      const dataset = await openDataset({ type: "gta5", root: set });
      const text = formatCheck(await checkDataset(dataset), dataset.classes);
      expect(text).toContain("a\\u001b[31mb");
      for (const control of ["\u001b", "\u0007"]) expect(text).not.toContain(control);
      const sheet = contactSheet(dataset, { count: 2, columns: 2, size: fixtureSize });
      await expect(sheet).resolves.toBeDefined();
    });
  });

  test("an error of the program is not a problem of the data", async () => {
    const broken: Dataset = {
      ...{ name: "broken", labelled: false, classes: { names: [], colors: [] }, names: ["x"] },
      load: () => Promise.reject(new TypeError("oops")),
    };
    await expect(checkDataset(broken)).rejects.toThrow(TypeError);
  });

  test("spread keeps the order and repeats nothing", () => {
    expect(spread(3, 10)).toEqual([0, 1, 2]);
    expect(spread(10, 4)).toEqual([0, 2, 5, 7]);
    expect(spread(0, 4)).toEqual([]);
  });
});

describe("formatCheck", () => {
  const classes: ClassSet = { names: ["road", "sky", "train"], colors: [] };
  const report = {
    ...{ name: "set", images: 9, checked: 4, labelled: true, ignored: 0.1, problems: [] },
    sizes: [{ size: { width: 8, height: 4 }, images: 4 }],
    classes: [
      { share: 0.8, images: 4 },
      { share: 0.0001, images: 1 },
      { share: 0, images: 0 },
    ],
  };

  test("draws a histogram in which the rarest class is visible", () => {
    expect(formatCheck(report, classes).split("\n")).toEqual([
      "set",
      "9 images, labelled; checked 4",
      "sizes: 8x4 (4)",
      "",
      "class      pixels, %  images",
      "---------  ---------  ------",
      `road            80.0       4  ${"█".repeat(32)}`,
      "sky             <0.1       1  ▏",
      "train            0.0       0",
      "(ignored)       10.0          ████",
      "",
      "in no label: train",
      "",
      "no problems",
    ]);
  });

  test("lists problems, and does not flood the terminal with them", () => {
    const problems = Array.from({ length: 23 }, (_, i) => `fault ${i}`);
    const lines = formatCheck({ ...report, problems }, classes).split("\n");
    expect(lines).toContain("23 problems:");
    expect(lines).toContain("  fault 19");
    expect(lines).not.toContain("  fault 20");
    expect(lines.at(-1)).toBe("  ... and 3 more");
  });
});

describe("contactSheet", () => {
  const size = { width: 64, height: 32 };

  test("shows each picture above its labelled self, and the colours of the classes", async () => {
    await inTemporaryFolder(async (root) => {
      await makeGta5(root, 5);
      const set = await openDataset({ type: "gta5", root });
      const sheet = await contactSheet(set, { count: 4, columns: 2, size });
      const { width, height } = sheet.size;
      expect(sheet.rgb.length).toBe(width * height * 3);
      const first = await set.load(0, size);
      const [left, top] = find(sheet, first.image.subarray(0, 64 * 3), 64);
      const at = (x: number, y: number) => {
        const pixel = ((top + y) * width + left + x) * 3;
        return [...sheet.rgb.subarray(pixel, pixel + 3)];
      };
      // Below the picture: road (train id 0) at 60 % of its colour and 40 % of the image.
      const pixel = (31 * 64 + 60) * 3;
      expect(first.label?.[pixel / 3]).toBe(0);
      const expected = [128, 64, 128].map((value, c) =>
        Math.round(0.6 * value + 0.4 * (first.image[pixel + c] as number)),
      );
      expect(at(60, 32 + 31)).toEqual(expected);
      // The third sample of four from five is number 2, in the second row.
      const [, below] = find(sheet, (await set.load(2, size)).image.subarray(0, 64 * 3), 64);
      expect(below).toBeGreaterThan(top + 64);
    });
  });

  test("an unreadable sample leaves a hole, unlabelled sets have pictures only", async () => {
    await inTemporaryFolder(async (root) => {
      await makeFaulty(root);
      const options = { count: 5, columns: 5, size };
      const labelled = await contactSheet(await folder(root), options);
      const alone = await contactSheet(await folder(root, { labelled: false }), options);
      expect(labelled.size.height).toBeGreaterThan(alone.size.height + size.height);
      const grey = new Uint8Array(64 * 3).fill(90);
      expect(() => find(labelled, grey, 64)).not.toThrow();
      expect(find(alone, grey, 64)[1]).toBeLessThan(alone.size.height - size.height);
    });
  });

  test("names with markup in them are drawn, not parsed", async () => {
    await inTemporaryFolder(async (root) => {
      await makeGta5(root, 1);
      const set = await openDataset({ type: "gta5", root });
      const drawn = async (name: string) => {
        const odd = { ...set, name, classes: { ...set.classes, names: [name] } };
        return Buffer.from((await contactSheet(odd, { count: 1, columns: 1, size })).rgb);
      };
      const whole = await drawn(`a <b> & "c"`);
      expect(whole.equals(await drawn(`a <b> & "c"`))).toBe(true);
      for (const parsed of [`a  & "c"`, "a ", ""])
        expect(whole.equals(await drawn(parsed))).toBe(false);
    });
  });

  /** Left and top of a row of pixels; throws if it is not found. */
  function find(
    { rgb, size: { width, height } }: Awaited<ReturnType<typeof contactSheet>>,
    row: Uint8Array,
    pixels: number,
  ): [number, number] {
    const [whole, part] = [Buffer.from(rgb), Buffer.from(row)];
    for (let at = whole.indexOf(part); at >= 0; at = whole.indexOf(part, at + 1)) {
      const x = (at / 3) % width;
      if (at % 3 === 0 && x + pixels <= width) return [x, Math.floor(at / 3 / width)];
    }
    throw new Error(`no such row in ${width}x${height}`);
  }
});
