import { describe, expect, it } from "vitest";
import { userError } from "../../user-error.js";
import { inTemporaryFolder } from "../fixtures.js";
import { drawn, expectLabel, file, images, open } from "./export.js";

/**
 * RGBA bytes in the code of Label Studio: their number in 32 bits, 7 (words of 8 bits) in 5, the sizes 3, 4,
 * 8 and 16 less 1 in 4 each; then a bit for a run, the number of the size in 2 bits, the length less 1 in a
 * size, and one word for a run or all words.
 */
function encode(bytes: readonly number[], asRuns: boolean): number[] {
  const bits = (value: number, count: number) => value.toString(2).padStart(count, "0");
  let code =
    bits(bytes.length, 32) + bits(7, 5) + [3, 4, 8, 16].map((n) => bits(n - 1, 4)).join("");
  for (let at = 0; at < bytes.length; ) {
    let end = at + 1;
    while (asRuns ? bytes[end] === bytes[at] && end < bytes.length : end < bytes.length) end++;
    end = Math.min(end, at + 256);
    const words = asRuns ? bytes.slice(at, at + 1) : bytes.slice(at, end);
    code += `${asRuns ? 1 : 0}10${bits(end - at - 1, 8)}${words.map((word) => bits(word, 8)).join("")}`;
    at = end;
  }
  return code.match(/.{1,8}/g)?.map((byte) => Number.parseInt(byte.padEnd(8, "0"), 2)) ?? [];
}

/** The RGBA bytes of a picture; "#" is opaque. */
const rgba = (rows: readonly string[]) =>
  [...rows.join("")].flatMap((letter) => (letter === "#" ? [255, 255, 255, 255] : [0, 0, 0, 0]));

const result = (type: string, value: object, extra: object = {}) => ({
  original_width: 8,
  original_height: 6,
  image_rotation: 0,
  value,
  id: "x",
  from_name: "label",
  to_name: "image",
  type,
  origin: "manual",
  ...extra,
});
const polygon = (label: string, points: readonly (readonly number[])[]) =>
  result("polygonlabels", { points, closed: true, polygonlabels: [label] });
const brush = (label: string, rle: readonly number[]) =>
  result("brushlabels", { format: "rle", rle, brushlabels: [label] });
const task = (image: string, ...results: readonly object[]) => ({
  id: 1,
  annotations: [{ id: 1, was_cancelled: false, ground_truth: false, result: results }],
  predictions: [],
  data: { image, weather: "rain" },
});
const car = polygon("car", [
  [0, 0],
  [50, 0],
  [50, 50],
  [0, 50],
]);
const unlabelled = "ignore";

describe("label-studio", () => {
  it("decodes brush masks, written as runs or word by word", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "a.png");
      const rows = ["........", ".###....", ".#.#....", ".###...#", "........", "#......."];
      for (const asRuns of [true, false]) {
        const lane = brush("lane", encode(rgba(rows), asRuns));
        await file(root, "export.json", [task("a.png", lane, polygon("car", []))]);
        const dataset = open("label-studio", root, { unlabelled });
        await expectLabel(
          dataset,
          rows.map((row) => row.replaceAll("#", "b")),
        );
      }
    }));

  it("draws polygons, rectangles and ellipses in percent, and leaves out choices", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/a.png");
      const box = { x: 50, y: 50, width: 50, height: 50, rotation: 0, rectanglelabels: ["lane"] };
      const turned = {
        x: 100,
        y: 50,
        width: 37.5,
        height: 33,
        rotation: 90,
        rectanglelabels: ["car"],
      };
      const round = {
        x: 25,
        y: 75,
        radiusX: 12.4,
        radiusY: 16.6,
        rotation: 0,
        ellipselabels: ["lane"],
      };
      await file(root, "export.json", [
        task(
          "images/a.png",
          car,
          result("rectanglelabels", box),
          result("rectanglelabels", turned),
          result("ellipselabels", round),
          result("choices", { choices: ["rain"] }),
        ),
      ]);
      await expectLabel(open("label-studio", root, { unlabelled }), [
        "aaaa....",
        "aaaa....",
        "aaaa....",
        "....bbaa", // turned by 90 degrees about x 8, y 3: 3 pixels down, 1.98 to the left
        ".bb.bbaa",
        "....bbaa",
      ]);
    }));

  it("finds images by uploads, local files, URLs and escaped names", () =>
    inTemporaryFolder(async (root) => {
      const names = ["day/a b.png", "night/a b.png", "c#1.jpg", "d.png"];
      await images(root, ...names.map((name) => `images/${name}`));
      await file(root, "export.json", [
        task("/data/local-files/?d=project%2Fnight%2Fa%20b.png", car),
        task("s3://bucket/day/a%20b.png"),
        task("/data/upload/3/0a1b2c3d-c%231.jpg"),
        task(
          "https://example.org/files/d.png?token=1",
          brush("lane", encode(rgba(Array(6).fill("########")), true)),
        ),
      ]);
      const dataset = await open("label-studio", root, { unlabelled });
      expect(dataset.names).toEqual(["c#1", "d", "day/a b", "night/a b"]);
      expect((await drawn(dataset, 3))[0]).toBe("aaaa....");
      expect((await drawn(dataset, 1))[0]).toBe("bbbbbbbb");
    }));

  it("leaves out skipped tasks, and prefers the ground truth of several annotations", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/a.png");
      const [first, second] = [
        task("a.png", car),
        task(
          "a.png",
          polygon("lane", [
            [0, 0],
            [100, 0],
            [0, 100],
          ]),
        ),
      ];
      const skipped = { ...task("gone.png"), annotations: [{ was_cancelled: true, result: [] }] };
      const truth = { ...second.annotations[0], ground_truth: true };
      const both = { ...first, annotations: [...first.annotations, truth] };
      await file(root, "export.json", [both, skipped, { ...first, annotations: [] }]);
      const dataset = await open("label-studio", root, { unlabelled: "rest" });
      expect(dataset.classes.names).toEqual(["lane", "rest"]);
      await file(root, "export.json", [
        { ...first, annotations: [...first.annotations, ...second.annotations] },
      ]);
      await userError(
        open("label-studio", root, { unlabelled }),
        "unsupported-file",
        "task 1",
        "2 annotations",
      );
    }));

  it("names what is wrong", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "images/a.png");
      const opened = () => open("label-studio", root, { unlabelled: "rest" });
      const write = (...tasks: readonly object[]) => file(root, "export.json", tasks);
      await write({ image: "a.png", id: 1 });
      await userError(opened(), "unsupported-file", "JSON-MIN");
      await write({ id: 4, data: { image: "a.png" }, completions: [] });
      await userError(opened(), "unsupported-file", "task 4", "completions");
      await write(task("a.png", brush("car", encode(rgba(["##"]), true))));
      await userError(opened(), "label-size", "2 pixels", "8x6");
      await write(
        task("a.png", brush("car", encode(rgba(Array(6).fill("#......#")), true).slice(0, 20))),
      );
      await userError((await opened()).load(0), "label-unreadable", "export.json");
      await write(task("a.png", { ...car, image_rotation: 90 }));
      await userError(opened(), "not-supported", "90");
      await write(
        task(
          "a.png",
          result("keypointlabels", { x: 1, y: 1, width: 0.2, keypointlabels: ["car"] }),
        ),
      );
      await userError(opened(), "unsupported-file", "keypointlabels");
      await write(task("a.txt", car));
      await userError(opened(), "unsupported-file", "data");
      await write(task("b.png", car));
      await userError(opened(), "unpaired-files", "b.png");
      await write(task("a.png", { ...car, original_width: 6, original_height: 8 }));
      await userError((await opened()).load(0), "label-size", "6x8", "8x6");
    }));
});
