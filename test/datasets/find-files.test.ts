import { execFileSync } from "node:child_process";
import { chmod, mkdir, symlink, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { filesBelow, filesByStem, readList } from "../../src/datasets/files/find-files.js";
import { readImage } from "../../src/datasets/files/images.js";
import { readLabel } from "../../src/datasets/files/labels.js";
import { whyUnreadable } from "../../src/datasets/files/regular-file.js";
import { openDataset } from "../../src/datasets/open.js";
import { userError } from "../user-error.js";
import { inTemporaryFolder } from "./fixtures.js";

/** Empty files of these names below a folder. */
async function touch(root: string, ...names: readonly string[]): Promise<void> {
  for (const name of names) {
    await mkdir(dirname(join(root, name)), { recursive: true });
    await writeFile(join(root, name), "");
  }
}

describe("filesBelow", () => {
  test("visits each folder once, whatever links lead to it", () =>
    inTemporaryFolder(async (root) => {
      const images = join(root, "set/images");
      await touch(images, "a.png", "drive/b.png");
      await touch(root, "set/labels/a.png", "elsewhere/c.png");
      await symlink(".", join(images, "itself"));
      await symlink("..", join(images, "drive/up"));
      await symlink(root, join(images, "0-root"));
      await symlink("drive", join(images, "0-drive"));
      await symlink(join(root, "elsewhere"), join(images, "linked"));
      await symlink(join(root, "elsewhere"), join(images, "linked-again"));
      await symlink(join(root, "elsewhere/c.png"), join(images, "file.png"));
      await symlink("nowhere", join(images, "dangling.png"));
      expect((await filesBelow(images)).sort()).toEqual([
        ...["a.png", "dangling.png", "drive/b.png", "file.png", "linked/c.png"],
      ]);
    }));

  test("follows a link to the folder itself, and leaves out what systems leave behind", () =>
    inTemporaryFolder(async (root) => {
      await touch(root, "real/a.png", "real/._a.png", "real/.git/b.png");
      await touch(root, "real/@eaDir/a.png/SYNOPHOTO_THUMB_M.jpg", "real/folder.png/c.png");
      await symlink("real", join(root, "link"));
      const found = await filesByStem(join(root, "link"), [".png", ".jpg"]);
      expect([...found.keys()]).toEqual(["a", "folder.png/c"]);
    }));

  test("a folder or file that may not be read is named", () =>
    inTemporaryFolder(async (root) => {
      await touch(root, "images/a.png", "images/closed/b.png");
      await chmod(root, 0o755);
      await chmod(join(root, "images/closed"), 0);
      await chmod(join(root, "images/a.png"), 0);
      const asRoot = process.geteuid?.() === 0;
      if (asRoot) process.seteuid?.(65534); // for whom the permissions count
      try {
        const closed = join(root, "images/closed");
        await userError(filesBelow(join(root, "images")), "not-readable", closed);
        await userError(readImage(join(root, "images/a.png")), "image-unreadable", "denied");
        await userError(readLabel(join(root, "images/a.png")), "label-unreadable", "denied");
        await userError(readList(root, "images/a.png"), "not-found", "denied");
        const open = openDataset({ type: "folder", root: closed, classes: ["a", "b"] });
        await userError(open, "not-readable", closed, "permission denied");
      } finally {
        if (asRoot) process.seteuid?.(0);
        await chmod(join(root, "images/closed"), 0o755);
      }
    }));
});

test("names with accents are found in either spelling", () =>
  inTemporaryFolder(async (root) => {
    const [composed, apart] = ["caf\u00e9", "cafe\u0301"];
    await touch(
      root,
      `images/${apart}.png`,
      `labels/${composed}.png`,
      "images/b.png",
      "labels/b.png",
    );
    await writeFile(join(root, "list.txt"), `${apart}.png\n`);
    const set = { type: "folder", root, classes: ["a", "b"] };
    expect((await openDataset(set)).names).toEqual(["b", composed]);
    expect((await openDataset({ ...set, list: "list.txt" })).names).toEqual([composed]);
    expect((await openDataset({ ...set, exclude: [apart] })).names).toEqual(["b"]);
    await touch(root, `images/${composed}.png`);
    await userError(openDataset(set), "unpaired-files", composed);
  }));

test("an operating system's reason becomes a part of a sentence", () => {
  const reason = (code: string) => Object.assign(new Error(`${code}: open '/x'`), { code });
  expect(whyUnreadable(reason("EMFILE"))).toContain("ulimit -n");
  expect(whyUnreadable(reason("EOTHER"))).toBe("EOTHER: open '/x'");
  expect(whyUnreadable(new Error("Input file has corrupt header: bad\nmore:"))).toBe("bad");
});

test("lists and mappings that are pipes or devices are refused, not waited for", () =>
  inTemporaryFolder(async (root) => {
    execFileSync("mkfifo", [join(root, "list.txt")]);
    await symlink("/dev/zero", join(root, "map.yaml"));
    await userError(readList(root, "list.txt"), "not-found", "list.txt");
    const set = { type: "folder", root, classes: ["a", "b"], mapping: "map.yaml" };
    await userError(openDataset(set), "not-found", "map.yaml");
  }));
