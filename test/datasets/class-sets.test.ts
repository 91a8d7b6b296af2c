import sharp from "sharp";
import { describe, expect, test } from "vitest";
import { cityscapes19, classSetOf } from "../../src/datasets/class-sets.js";
import type { Color } from "../../src/datasets/dataset.js";
import { openDataset } from "../../src/datasets/open.js";
import { userError } from "../user-error.js";

/** CIELAB of colours, by libvips: lightness 0..100 and two signed axes. */
async function lab(colors: readonly Color[]): Promise<number[][]> {
  const raw = { width: colors.length, height: 1, channels: 3 as const };
  const values = await sharp(Uint8Array.from(colors.flat()), { raw })
    .toColourspace("lab")
    .raw({ depth: "float" })
    .toBuffer();
  const floats = new Float32Array(values.buffer, values.byteOffset, colors.length * 3);
  return colors.map((_, i) => [...floats.subarray(3 * i, 3 * i + 3)]);
}

/** The distance of the two colours that are nearest. */
async function nearest(colors: readonly Color[]): Promise<number> {
  const points = await lab(colors);
  const distances = points.flatMap((a, i) =>
    points
      .slice(i + 1)
      .map((b) => Math.hypot(...a.map((value, axis) => value - (b[axis] as number)))),
  );
  return Math.min(...distances);
}

describe("generated colours", () => {
  test("differ from the known ones of the list, whatever its order", async () => {
    for (let at = 0; at < 8; at++) {
      const names = ["road", "sky", "car", "vegetation", "person", "building", "terrain"];
      names.splice(at, 0, "crane");
      const { colors } = classSetOf(names);
      const known = colors.filter((_, i) => i !== at);
      expect(known).toEqual(
        names
          .filter((name) => name !== "crane")
          .map((name) => cityscapes19.colors[cityscapes19.names.indexOf(name)]),
      );
      const others = await Promise.all(known.map((color) => nearest([color, colors[at] as Color])));
      expect(Math.min(...others)).toBeGreaterThan(20);
    }
  });

  test("differ from each other and from black, for many classes too", async () => {
    const unknown = (count: number) => Array.from({ length: count }, (_, i) => `class ${i}`);
    const few = classSetOf([...cityscapes19.names, ...unknown(10)]).colors.slice(19);
    expect(await nearest([[0, 0, 0], ...few])).toBeGreaterThan(20);
    const many = classSetOf(unknown(255)).colors;
    expect(new Set(many.map(String)).size).toBe(255);
    expect(await nearest(many)).toBeGreaterThan(1);
  });

  test("avoid the colours that a user gives, and are the same every time", async () => {
    const first = classSetOf(["a", "b"]).colors[0] as Color;
    const classes = ["a", { name: "b", color: first }];
    const { colors } = classSetOf(classes);
    expect(colors[1]).toEqual(first);
    expect(await nearest(colors)).toBeGreaterThan(20);
    expect(classSetOf(classes).colors).toEqual(colors);
  });
});

describe("`classes` of a configuration", () => {
  const long = "x".repeat(300);
  test.each([
    [["road"], "two"],
    [[], "two"],
    [Array.from({ length: 256 }, (_, i) => `${i}`), "255"],
    [["road", "__proto__"], "__proto__"],
    [["road", "a\u001b[31mb"], "\\u001b"],
    [["road", { name: "a\nb" }], "\\n"],
    [["road", "a\u202eb"], "\\u202e"],
    [["road", " "], '" "'],
    [["road", ""], '""'],
    [["road", long], long.slice(0, 64)],
    [["road", 7], "{ name, color: [r, g, b] }"],
    [["road", { name: "sky", color: [1, 2] }], "{ name, color: [r, g, b] }"],
    ["cityscape", "cityscapes, camvid"],
  ])("%j is refused", async (classes, name) => {
    const open = openDataset({ type: "folder", root: "x", classes });
    const error = await userError(open, "invalid-value", "classes", name);
    for (const control of ["\u001b", "\u202e"]) expect(error.message).not.toContain(control);
    expect(error.message.length).toBeLessThan(250);
  });

  test("names may be in any script", async () => {
    const classes = ["дорога", "道路", "a-b (c), d/e", "\u0645\u06cc\u200c\u062e"];
    await userError(openDataset({ type: "folder", root: "/nowhere", classes }), "dataset-layout");
  });
});
