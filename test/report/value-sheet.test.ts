import { join } from "node:path";
import { expect, test } from "vitest";
import { openDataset } from "../../src/datasets/open.js";
import { labelValues } from "../../src/datasets/survey/label-values.js";
import { valueSheet } from "../../src/report/value-sheet.js";
import { inTemporaryFolder, writeImage } from "../datasets/fixtures.js";
import { file, mask, size } from "../datasets/tools/export.js";

const WHITE = new Uint8Array(8 * 6 * 3).fill(255);

test("each value is shown in the image that has most of it", () =>
  inTemporaryFolder(async (root) => {
    await writeImage(join(root, "images/1.png"), WHITE, size);
    await writeImage(join(root, "images/2.png"), WHITE, size);
    await file(root, "images/3.png", "not an image");
    await file(root, "labels/1.png", mask([...Array(5).fill("aaaaaaaa"), "bbbbbbbb"]));
    await file(
      root,
      "labels/2.png",
      mask([...Array(3).fill("aaaaaaaa"), ...Array(3).fill("bbbbbbbb")]),
    );
    await file(root, "labels/3.png", mask(Array(6).fill("hhhhhhhh")));
    const dataset = await openDataset({ type: "folder", root, classes: ["a", "b"] });
    const { key, values } = await labelValues(dataset, 24);
    expect(values.map(({ value, example }) => [value, example])).toEqual([
      [0, 0],
      [1, 1],
      [7, 2],
    ]);
    const { rgb, size: whole } = await valueSheet(dataset, { key, values });
    // Pictures of 280x210 from x = 24, y = 24, with 16 pixels between them.
    expect(whole.width).toBe(24 + 280 + 16 + 280 + 16 + 280 + 24);
    const at = (x: number, y: number) => [...rgb.slice(3 * (y * whole.width + x)).slice(0, 3)];
    const [yellow, grey] = [
      [255, 233, 128],
      [153, 153, 153],
    ];
    expect([at(100, 30), at(100, 230)]).toEqual([yellow, grey]); // 0 is on top
    expect([at(400, 30), at(400, 230)]).toEqual([grey, yellow]); // 1 is below
    expect(at(700, 30)).toEqual([128, 105, 0]); // black, as it cannot be read
  }));
