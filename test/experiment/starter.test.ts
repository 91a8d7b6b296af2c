import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { draftPreset, presetText, type Questions } from "../../src/experiment/starter/index.js";
import { proposeSize } from "../../src/experiment/starter/propose-size.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { colored, file, images, mask } from "../datasets/tools/export.js";

const rows = ["aaaaaaaa", ...Array(5).fill("bbbbcccc")];

/** Answers by value, and records the questions. */
function answering(answers: Readonly<Record<string, string>>) {
  const asked: string[] = [];
  const questions: Questions = {
    async className({ value, choices }) {
      asked.push(choices ? `${value} of ${choices.join(", ")}` : value);
      return answers[value];
    },
    async unlabelled({ classes }) {
      asked.push(`unlabelled of ${classes.join(", ")}`);
      return answers.unlabelled;
    },
  };
  return { asked, questions };
}

describe("draftPreset", () => {
  test("asks for names that it cannot know, and no others", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "simulator/images/a.png", "camera/images/a.png");
      await file(root, "simulator/labels/a.png", mask(rows));
      await file(root, "camera/labels/a.png", mask(rows.map((row) => row.replaceAll("c", "d"))));
      const { asked, questions } = answering({
        0: "sky",
        1: "road: wet, dark",
        2: "sky",
        3: "ignore",
      });
      const [source, target] = [join(root, "simulator"), join(root, "camera")];
      const draft = await draftPreset({ source, target, evaluate: target }, questions);
      // 0 and 1 mean the same in both folders unless the user changes it.
      expect(asked).toEqual(["0", "1", "2", "3 of sky, road: wet, dark"]);
      expect(draft.open).toEqual([]);
      const config = parse(presetText(draft, root));
      expect(config.source).toEqual({
        type: "folder",
        root: "simulator",
        images: "images",
        labels: "labels",
        classes: ["sky", "road: wet, dark"],
        mapping: { 0: "sky", 1: "road: wet, dark", 2: "sky" },
      });
      expect(config.evaluate.camera.mapping).toEqual({
        0: "sky",
        1: "road: wet, dark",
        3: "ignore",
      });
    }));

  test("white is a class in masks of 0 and 255, and ignored beside other values", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "mask/images/a.png", "ids/images/a.png");
      const white = String.fromCharCode(97 + 255);
      const masks = rows.map((row) => row.replaceAll(/[bc]/g, white));
      await file(root, "mask/labels/a.png", mask(masks));
      await file(root, "ids/labels/a.png", mask(["aaaabbbb", ...masks.slice(1)]));
      const { asked, questions } = answering({ 0: "ground", 1: "road", 255: "road" });
      const [source, target] = [join(root, "mask"), join(root, "ids")];
      const draft = await draftPreset({ source, target }, questions);
      expect(asked).toEqual(["0", "255"]);
      const config = parse(presetText(draft, root));
      expect(config.source.mapping).toEqual({ 0: "ground", 255: "road" });
      expect(config.source.classes).toEqual(["ground", "road"]);
      asked.length = 0;
      await draftPreset({ source: target, target: source }, questions);
      expect(asked).toEqual(["0", "1"]);
    }));

  test("an export in one folder more has the classes of the tool", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "job/job 7/JPEGImages/a.png");
      const png = colored(rows, { a: [0, 0, 0], b: [1, 2, 3], c: [4, 5, 6] });
      await file(root, "job/job 7/SegmentationClass/a.png", png);
      await file(root, "job/job 7/labelmap.txt", "background:0,0,0::\nroad:1,2,3::\ncar:4,5,6::\n");
      const { asked, questions } = answering({ unlabelled: "ignore" });
      const source = join(root, "job");
      const draft = await draftPreset({ source, target: source }, questions);
      expect(asked).toEqual(["unlabelled of background"]);
      expect(draft.source.spec).toMatchObject({ type: "cvat-mask", root: join(source, "job 7") });
      expect(draft.classes).toMatchObject([{ name: "road" }, { name: "car" }]);
    }));

  test("asks what pixels without annotation are", () =>
    inTemporaryFolder(async (root) => {
      await images(root, "cvat/JPEGImages/a.png");
      const png = colored(rows, { a: [0, 0, 0], b: [1, 2, 3], c: [1, 2, 3] });
      await file(root, "cvat/SegmentationClass/a.png", png);
      await file(root, "cvat/labelmap.txt", "background:0,0,0::\ncrack:1,2,3::\n");
      const source = join(root, "cvat");
      const folders = { source, target: source, evaluate: source };
      const { asked, questions } = answering({ unlabelled: "background" });
      const draft = await draftPreset(folders, questions);
      expect(asked).toEqual(["unlabelled of background", "unlabelled of background, crack"]);
      expect(draft.source.spec.unlabelled).toBe("background");
      // A single class cannot be trained, so the placeholder is a second one.
      const silent = await draftPreset(folders, answering({}).questions);
      expect(silent.source.spec.unlabelled).toBe("background");
      expect(silent.open).toHaveLength(2);
    }));
});

test.each([
  [1914, 1052],
  [2048, 1024],
  [1280, 960],
  [4032, 3024],
  [1440, 1080],
  [3, 4000],
])("proposes a size with the aspect of %ix%i", (width, height) => {
  const size = proposeSize({ width, height });
  expect(Math.max(size.width, size.height)).toBeLessThanOrEqual(320);
  expect(Math.min(size.width, size.height)).toBeGreaterThanOrEqual(16);
  if (width < 16) return;
  expect(Math.abs(size.width / size.height / (width / height) - 1)).toBeLessThan(0.004);
});
