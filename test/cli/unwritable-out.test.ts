import { mkdirSync } from "node:fs";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDomains } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

// The work of these commands would fail, too: the error of --out comes first, as it does before hours of work.

let root: string;
let file: string;
let photos: string;
let path: string;
beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "cfcontra-"));
  [file, photos] = [join(root, "file"), join(root, "camvid", "train")];
  await writeFile(file, "a file");
  await makeDomains(root);
  const target = { type: "cityscapes", root: join(root, "none"), split: "train" };
  path = await preset(root, tiny(root, { target }));
});
afterAll(() => rm(root, { recursive: true, force: true }));

describe("--out that is a file, or in one, is refused before the work of", () => {
  test.each([
    ["choose", () => ["choose", join(root, "no-run"), photos]],
    ["predict", () => ["predict", join(root, "no-run"), photos, "--format", "coco"]],
    ["style apply", () => ["style", "apply", path, "--style", "color"]],
    ["playground", () => ["playground", join(root, "none.onnx")]],
  ] as const)("%s", async (_, words) => {
    for (const out of [file, join(file, "folder")]) {
      expectError(await cli(...words(), "--out", out), "not-writable", out, "is a file");
    }
    expect(await readFile(file, "utf8")).toBe("a file");
  });
});

test("style preview refuses --out that is a folder before its work", async () => {
  const out = join(root, "folder.png");
  mkdirSync(out);
  expectError(await cli("style", "preview", path, "--out", out), "not-writable", out);
});
