import { mkdir, readdir, rm } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { expect, test } from "vitest";
import { inTemporaryFolder, makeFaulty, makeGta5 } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

/** `data check` of a source in `root/set`. */
async function check(root: string, source: object) {
  const config = await preset(root, tiny(root, { source: { ...source, root: join(root, "set") } }));
  const out = join(root, "new", "sheet.png");
  return { ...(await cli("data", "check", config, "--out", out)), sheet: out };
}

test("a sound set: exit code 0, a report and a sheet", async () => {
  await inTemporaryFolder(async (root) => {
    await makeGta5(join(root, "set"), 2);
    const { code, out, sheet } = await check(root, { type: "gta5" });
    expect(code).toBe(0);
    expect(out).toMatch(/no problems\n\ncontact sheet: .*sheet\.png\n$/);
    const { format, channels } = await sharp(sheet).metadata();
    expect([format, channels]).toEqual(["png", 3]);
  });
});

test("a faulty set: exit code 1, every fault named, and still a sheet", async () => {
  await inTemporaryFolder(async (root) => {
    await makeFaulty(join(root, "set"));
    const { code, out, sheet } = await check(root, { type: "folder", classes: "cityscapes" });
    expect(code).toBe(1);
    expect(out).toMatch(/3 problems:\n.*a\.png.*\n.*c\.png.*\n.*d\.png/);
    expect((await sharp(sheet).metadata()).width).toBeGreaterThan(4 * 320);
  });
});

test("a source or evaluation set without labels is an error; a target needs none", async () => {
  await inTemporaryFolder(async (root) => {
    await makeGta5(join(root, "set"), 1);
    const options = { type: "folder", classes: "cityscapes" };
    const mistyped = await check(root, { ...options, labels: "lables" });
    expectError(mistyped, "dataset-layout", join(root, "set", "lables"));
    await rm(join(root, "set", "labels"), { recursive: true });
    const missing = await check(root, options);
    expectError(missing, "dataset-layout", join(root, "set", "labels"));
    const set = { ...options, root: join(root, "set") };
    const config = await preset(root, tiny(root, { target: set, evaluate: { camera: set } }));
    const of = (name: string) =>
      cli("data", "check", config, "--set-of", name, "--out", join(root, "sheet.png"));
    expect((await of("target")).code).toBe(0);
    expectError(await of("camera"), "dataset-layout", join(root, "set", "labels"));
  });
});

test("`labelled: some` checks what training uses: annotated images, but all of a target", async () => {
  await inTemporaryFolder(async (root) => {
    await makeGta5(join(root, "set"), 3);
    const [first] = await readdir(join(root, "set", "labels"));
    await rm(join(root, "set", "labels", first as string));
    const set = { type: "gta5", root: join(root, "set"), labelled: "some" };
    const few = { ...set, weight: 1 };
    const sets = { source: set, target: set, labelledTarget: few, evaluate: { camera: set } };
    const config = await preset(root, tiny(root, sets));
    const imagesOf = async (name: string) => {
      const args = ["data", "check", config, "--set-of", name, "--out", join(root, "sheet.png")];
      const { code, out } = await cli(...args, "--json");
      expect(code).toBe(0);
      return JSON.parse(out).images;
    };
    for (const name of ["source", "labelledTarget", "camera"]) expect(await imagesOf(name)).toBe(2);
    expect(await imagesOf("target")).toBe(3);
  });
});

test("an output that cannot be written is named", async () => {
  await inTemporaryFolder(async (root) => {
    await makeGta5(join(root, "set"), 1);
    await mkdir(join(root, "new", "sheet.png"), { recursive: true });
    const outcome = await check(root, { type: "gta5" });
    expectError(outcome, "not-writable", outcome.sheet, "it is a folder");
  });
});
