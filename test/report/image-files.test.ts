import { mkdir, rm, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { expect, test } from "vitest";
import { imageFiles } from "../../src/report/image-files.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";

/** Runs with empty files of these names in a folder. */
const withFiles = (names: readonly string[], use: (root: string) => Promise<void>) =>
  inTemporaryFolder(async (root) => {
    for (const name of names) {
      await mkdir(dirname(join(root, name)), { recursive: true });
      await writeFile(join(root, name), "");
    }
    await use(root);
  });

const names = async (root: string, ...paths: readonly string[]) => {
  const found = await imageFiles(
    paths.map((path) => join(root, path)),
    join(root, "out"),
  );
  return Object.fromEntries(found.map(({ name, path }) => [path.slice(root.length + 1), name]));
};

test("names are those of the files, in their sub-folders, in natural order", () =>
  withFiles(["a/x10.png", "a/x9.jpg", "a/b/y.webp", "a/notes.txt"], async (root) => {
    const found = await names(root, "a");
    expect(found).toEqual({ "a/b/y.webp": "b/y", "a/x9.jpg": "x9", "a/x10.png": "x10" });
    expect(Object.keys(found)).toEqual(["a/b/y.webp", "a/x9.jpg", "a/x10.png"]);
  }));

test("names that differ by folder or extension only stay apart", () =>
  withFiles(
    ["a/x.png", "a/x.jpg", "a/b/y.png", "a/b_y.png", "a/Z.png", "a/z.jpg", "a/x.png.jpg"],
    async (root) => {
      const all = ["x.png", "x.jpg", "b/y.png", "b_y.png", "Z.png", "z.jpg", "x.png.jpg"];
      expect(await names(root, "a")).toEqual(
        Object.fromEntries(all.map((file) => [`a/${file}`, file])),
      );
      await rm(join(root, "a/x.png.jpg"));
      expect(await names(root, "a")).toMatchObject({
        "a/b/y.png": "b/y",
        "a/b_y.png": "b_y",
        "a/x.jpg": "x.jpg",
        "a/z.jpg": "z.jpg",
      });
    },
  ));

test("images of one name in two folders keep their folders; the same image is taken once", () =>
  withFiles(["a/x.png", "b/x.png", "c/a/x.png", "b/y.png"], async (root) => {
    expect(await names(root, "a", "b", "b/y.png")).toEqual({
      "a/x.png": "a/x",
      "b/x.png": "b/x",
      "b/y.png": "b/y",
    });
    expect(await names(root, "a", "c/a")).toEqual({ "a/x.png": "a/x", "c/a/x.png": "c/a/x" });
    expect(await names(root, "a/x.png", "b/y.png")).toEqual({ "a/x.png": "x", "b/y.png": "y" });
  }));

test("the paths of images are relative to a folder that contains all", () =>
  withFiles(["day/1.png", "night/2.png", "night/sub/3.png"], async (root) => {
    const files = async (...paths: string[]) =>
      (
        await imageFiles(
          paths.map((path) => join(root, path)),
          join(root, "out"),
        )
      ).map(({ name, file }) => [name, file]);
    expect(await files("day", "night")).toEqual([
      ["1", "day/1.png"],
      ["2", "night/2.png"],
      ["sub/3", "night/sub/3.png"],
    ]);
    expect(await files("night")).toEqual([
      ["2", "2.png"],
      ["sub/3", "sub/3.png"],
    ]);
  }));

test("a glob finds images, relative to its part without wildcards", () =>
  withFiles(
    ["a/x1.png", "a/x2.JPG", "a/b/x1.png", "a/b/c/x3.webp", "a/x.txt", "d[1]/x.png"],
    async (root) => {
      const found = await names(root, "a/**/*");
      expect(found).toEqual({
        "a/x1.png": "x1",
        "a/x2.JPG": "x2",
        "a/b/x1.png": "b/x1",
        "a/b/c/x3.webp": "b/c/x3",
      });
      expect(await names(root, "a/{b,c}/*.png")).toEqual({ "a/b/x1.png": "b/x1" });
      expect(await names(root, "d[1]")).toEqual({ "d[1]/x.png": "x" }); // a folder of that name
      await userError(names(root, "a/*.tif"), "no-images", "a/*.tif", join(root, "a"));
      await userError(names(root, "a/*.txt"), "no-images", "a/*.txt");
    },
  ));

test("a glob does not find earlier labels", () =>
  withFiles(["x.png", "out/x.png", "out/a/y.png"], async (root) => {
    expect(await names(root, "*.png")).toEqual({ "x.png": "x" });
    await userError(names(root, "**/*.png"), "conflicting-options", "out");
    await userError(names(root, "out/*/*.png"), "conflicting-options", "out");
  }));

test.each([
  ["a", "a"],
  ["a", "a/out"],
  ["a", "."],
  ["a/b", "a"],
  ["a/x.png", "a"],
  ["link", "a"],
  ["a", "link/new"],
])("images in %s are not written over or mixed with labels in %s", (images, out) =>
  withFiles(["a/x.png", "a/b/y.png"], async (root) => {
    await symlink("a", join(root, "link"));
    const found = imageFiles([join(root, images)], join(root, out));
    await userError(found, "conflicting-options", join(root, out), join(root, images));
  }),
);

test("folders beside each other are apart, whatever their names begin with", () =>
  withFiles(["a/x.png", "a/b/y.png"], async (root) => {
    for (const out of ["a-labels", "..a", "new/deep"]) {
      expect(await imageFiles([join(root, "a")], join(root, out))).toHaveLength(2);
    }
    expect(await imageFiles([join(root, "a/x.png")], join(root, "a/labels"))).toHaveLength(1);
    await userError(imageFiles([join(root, "c")], join(root, "out")), "not-found", join(root, "c"));
    await userError(imageFiles([join(root, "a/x.txt")], root), "not-found", "x.txt");
  }));
