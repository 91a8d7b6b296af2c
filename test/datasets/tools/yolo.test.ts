import { describe, expect, it } from "vitest";
import { userError } from "../../user-error.js";
import { inTemporaryFolder } from "../fixtures.js";
import { drawn, expectLabel, file, images, mask, open } from "./export.js";

const names = "names:\n  0: car\n  1: lane\n";
const unlabelled = "ignore";

describe("yolo with polygons", () => {
  async function write(
    root: string,
    yaml = `path: /somewhere/else\ntrain: images/train\nval: images/val\n${names}`,
  ) {
    await images(root, "images/train/a.jpg", "images/train/b.png", "images/val/a.jpg");
    await file(
      root,
      "labels/train/a.txt",
      "1 0 0 0.5 0 0.5 1 0 1\n0 0.25 0.5 1.5 0.5 1.5 2 0.25 2\n",
    );
    await file(root, "labels/val/a.txt", "");
    await file(root, "data.yaml", yaml);
  }

  it("draws them in the order of the lines; an image without text file has no objects", () =>
    inTemporaryFolder(async (root) => {
      await write(root);
      const dataset = await open("yolo", root, { unlabelled });
      expect(dataset.names).toEqual(["a", "b"]);
      expect(dataset.classes.names).toEqual(["car", "lane"]);
      expect(await drawn(dataset, 0)).toEqual([
        ...Array(3).fill("bbbb...."),
        ...Array(3).fill("bbaaaaaa"),
      ]);
      expect(await drawn(dataset, 1)).toEqual(Array(6).fill("........"));
      await expectLabel(
        open("yolo", root, { unlabelled, split: "val" }),
        Array(6).fill("........"),
      );
    }));

  it("finds the folders of Roboflow's files, which are one level too high", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "train/images/a.jpg");
      await file(root, "train/labels/a.txt", "0 0 0 1 0 1 1 0 1");
      await file(
        root,
        "data.yaml",
        "train: ../train/images\nval: ../valid/images\nnc: 2\nnames: ['car', 'lane']\n",
      );
      await expectLabel(open("yolo", root, { unlabelled }), Array(6).fill("aaaaaaaa"));
    }));

  it("names what is wrong", () =>
    inTemporaryFolder(async (root) => {
      await write(root);
      const opened = () => open("yolo", root, { unlabelled });
      const line = (text: string) => file(root, "labels/train/a.txt", `\n${text}\n`);
      await line("2 0 0 1 0 1 1");
      await userError(opened(), "class-mismatch", "a.txt:2", "class 2");
      await line("1 0.5 0.5 1 1");
      await userError(opened(), "unsupported-file", "a.txt:2", "box");
      await line("1 0 0 1 0 1 1 0");
      await userError(opened(), "damaged-file", "a.txt:2", "7 coordinates");
      await line("car 0 0 1 0 1 1");
      await userError(opened(), "damaged-file", "a.txt:2");
      await line("");
      await userError(open("yolo", root, { unlabelled, split: "test" }), "dataset-layout", "test");
      await file(root, "labels/train/z.txt", "");
      await userError(opened(), "unpaired-files", "z.txt");
      await write(root, "train: images/train\n");
      await userError(opened(), "unsupported-file", "names");
      for (const wrong of ["", "road", "3"]) {
        await write(root, `names: ${wrong}\ntrain: images/train\n`);
        await userError(opened(), "unsupported-file", "data.yaml", "class numbers and names");
      }
      await write(root, "names: [\n");
      await userError(opened(), "damaged-file", "data.yaml");
    }));
});

describe("yolo with masks", () => {
  it("reads PNGs of class numbers, of which 255 is ignored", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/train/a.jpg");
      const ignored = String.fromCharCode(97 + 255);
      const rows = ["abababab", ...Array(5).fill(`${ignored}aaaaaaa`)];
      await file(root, "masks/train/a.png", mask(rows));
      await file(root, "data.yaml", `path: .\ntrain: images/train\nmasks_dir: masks\n${names}`);
      await expectLabel(open("yolo", root), ["abababab", ...Array(5).fill(".aaaaaaa")]);
      await file(root, "masks/train/a.png", mask(rows.map((row) => row.replaceAll("b", "c"))));
      await userError((await open("yolo", root)).load(0), "label-value", "value 2", "car, lane");
    }));
});
