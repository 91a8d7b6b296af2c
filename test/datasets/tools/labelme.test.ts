import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { userError } from "../../user-error.js";
import { inTemporaryFolder } from "../fixtures.js";
import { drawn, expectLabel, file, images, mask, open } from "./export.js";

interface Shape {
  readonly label: string;
  readonly points: readonly (readonly [number, number])[];
  readonly shape_type?: string;
  readonly mask?: string | null;
}

/** A file as LabelMe 5 writes it. */
const labelme = (imagePath: string, ...shapes: readonly Shape[]) => ({
  version: "5.5.0",
  flags: {},
  shapes: shapes.map((shape) => ({
    group_id: null,
    description: "",
    shape_type: "polygon",
    flags: {},
    mask: null,
    ...shape,
  })),
  imagePath,
  imageData: "aWdub3JlZA==",
  imageHeight: 6,
  imageWidth: 8,
});
const car: Shape = {
  label: "car",
  points: [
    [0, 0],
    [4, 0],
    [4, 2],
    [0, 2],
  ],
};
const lane: Shape = {
  label: "lane",
  points: [
    [2, 1],
    [8, 6],
  ],
  shape_type: "rectangle",
};
const unlabelled = "ignore";

describe("labelme", () => {
  it("draws a rectangle of four corners, and pixels that LabelMe ignores", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "a.png");
      const corners: Shape = { ...car, shape_type: "rectangle" };
      const bonnet: Shape = {
        label: "__ignore__",
        points: [
          [0, 4],
          [8, 6],
        ],
        shape_type: "rectangle",
      };
      await file(root, "a.json", labelme("a.png", corners, bonnet));
      await file(root, "labels.txt", "__ignore__\n_background_\ncar\nlane\n");
      const whole = "bbbbbbbb";
      await expectLabel(open("labelme", root, { unlabelled: "lane" }), [
        ...["aaaabbbb", "aaaabbbb", whole, whole, "........", "........"],
      ]);
    }));

  it("draws polygons of any number of points", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "a.png");
      const edge = Array.from({ length: 200_000 }, (_, i) => [i / 50_000, 0] as const);
      await file(root, "a.json", labelme("a.png", { ...car, points: [...edge, [4, 2], [0, 2]] }));
      await file(root, "labels.txt", "car\nlane\n");
      const empty = Array(4).fill("........");
      await expectLabel(open("labelme", root, { unlabelled }), ["aaaa....", "aaaa....", ...empty]);
    }));

  it("draws all shapes with an area, in the order of the file", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "a.png");
      const cross = Buffer.from(mask(["aba", "bbb", "aba"])).toString("base64");
      await file(
        root,
        "a.json",
        labelme(
          "a.png",
          car,
          lane,
          {
            label: "car",
            points: [
              [5.5, 3.5],
              [6.2, 3.5],
            ],
            shape_type: "circle",
          },
          {
            label: "lane",
            points: [
              [0, 3],
              [2, 5],
            ],
            shape_type: "mask",
            mask: cross,
          },
        ),
      );
      await expectLabel(open("labelme", root, { unlabelled }), [
        "aaaa....",
        "aabbbbbb",
        "..bbbbbb",
        ".bbbbabb",
        "bbbbbbbb",
        ".bbbbbbb",
      ]);
    }));

  it("matches by the name of the file, then by imagePath, also of Windows", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/day/a.png", "images/night/a.png");
      await file(root, "json/day/a.json", labelme("..\\..\\images\\day\\a.png", car));
      await file(root, "json/frame 7.json", labelme("..\\images\\night\\a.png", lane));
      const options = { unlabelled, images: "images", annotations: "json" };
      const dataset = await open("labelme", root, options);
      expect(dataset.names).toEqual(["day/a", "night/a"]);
      expect((await drawn(dataset, 0))[0]).toBe("aaaa....");
      expect((await drawn(dataset, 1))[5]).toBe("..bbbbbb");
      await file(root, "json/night/a.json", labelme("a.png"));
      await userError(open("labelme", root, options), "unpaired-files", "twice", "frame 7.json");
    }));

  it("uses only the annotated images, if asked to", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "a.png", "b.png", "c.png");
      await file(root, "b.json", labelme("b.png", car, lane));
      await userError(
        open("labelme", root, { unlabelled }),
        "unpaired-files",
        "2 images (a, c) without label",
        "labelled: some",
      );
      const some = await open("labelme", root, { unlabelled, labelled: "some" });
      expect(some.names).toEqual(["b"]);
      expect(some.name).toContain("1 of 3 images have a label");
    }));

  it("takes the classes from labels.txt if it exists", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "a.png", "b.png");
      await file(root, "a.json", labelme("a.png", lane, { ...car, label: "_background_" }));
      await file(root, "b.json", labelme("b.png"));
      await file(root, "labels.txt", "__ignore__\n_background_\nsky\nlane\n");
      const dataset = await open("labelme", root, { unlabelled: "sky" });
      expect(dataset.classes.names).toEqual(["sky", "lane"]);
      expect((await drawn(dataset)).slice(1, 3)).toEqual(["aaaabbbb", "aabbbbbb"]);
      expect(await drawn(dataset, 1)).toEqual(Array(6).fill("aaaaaaaa"));
      await file(root, "b.json", labelme("b.png", car));
      await userError(
        open("labelme", root, { unlabelled }),
        "class-mismatch",
        "b.json",
        '"car"',
        "labels.txt",
      );
    }));

  it("names what is wrong", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "a.png");
      const opened = () => open("labelme", root, { unlabelled });
      await userError(opened(), "dataset-layout", "JSON");
      await file(root, "a.json", { version: "2.8", shapes: [] });
      await userError(opened(), "unsupported-file", "a.json", "LabelMe 3");
      await file(root, "a.json", labelme("a.png", { ...car, shape_type: "line" }, lane));
      await userError(opened(), "unsupported-file", "shapes[0]", "line");
      await file(root, "a.json", labelme("a.png", car));
      await userError(opened(), "class-mismatch", "2 to 255 classes", "background");
      await file(root, "a.json", { ...labelme("a.png", car, lane), imageWidth: 6, imageHeight: 8 });
      await userError((await opened()).load(0), "label-size", "a.json", "6x8", "8x6");
      await file(
        root,
        "a.json",
        labelme("a.png", car, { ...lane, shape_type: "mask", mask: "AAAA" }),
      );
      await userError((await opened()).load(0), "label-unreadable", join(root, "a.json"));
      await file(root, "b.json", labelme("b.png", car));
      await userError(opened(), "unpaired-files", "b", "1 images");
    }));
});
