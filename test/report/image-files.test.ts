import { mkdir, symlink, writeFile } from "node:fs/promises";
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

test("names are those of the files, folders joined, in natural order", () =>
  withFiles(["a/x10.png", "a/x9.jpg", "a/b/y.webp", "a/notes.txt", "z.png"], async (root) => {
    const found = await names(root, "a", "z.png");
    expect(found).toEqual({
      "a/b/y.webp": "b_y",
      "a/x9.jpg": "x9",
      "a/x10.png": "x10",
      "z.png": "z",
    });
    expect(Object.keys(found)).toEqual(["a/b/y.webp", "a/x9.jpg", "a/x10.png", "z.png"]);
  }));

test("names that differ by folder or extension only stay apart", () =>
  withFiles(
    ["a/x.png", "a/x.jpg", "a/b/y.png", "a/b_y.png", "a/Z.png", "a/z.jpg"],
    async (root) => {
      expect(await names(root, "a")).toEqual({
        "a/x.png": "x.png",
        "a/x.jpg": "x.jpg",
        "a/b/y.png": "b/y.png",
        "a/b_y.png": "b_y.png",
        "a/Z.png": "Z.png",
        "a/z.jpg": "z.jpg",
      });
    },
  ));

test("images of two folders keep the folder's name; the same image is taken once", () =>
  withFiles(["a/x.png", "b/x.png", "c/a/x.png", "b/y.png"], async (root) => {
    expect(await names(root, "a", "b", "b/y.png")).toEqual({
      "a/x.png": "a/x.png",
      "b/x.png": "b/x.png",
      "b/y.png": "y",
    });
    await userError(names(root, "a", "c/a"), "already-exists", "a/x.png", "c/a/x.png");
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
