import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { unzipSync } from "fflate";
import sharp from "sharp";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { makeDomains } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

let root: string;
let photos: string;
const runs = { cfcontra: "", "source-only": "" };

/** A photo of coloured blocks. */
async function photo(path: string, seed: number, left = 0): Promise<void> {
  const [width, height] = [96, 48];
  const data = Uint8Array.from({ length: width * height * 3 }, (_, at) => {
    const [x, y] = [(Math.floor(at / 3) % width) + left, Math.floor(at / 3 / width)];
    const block = Math.floor(x / 12) * 31 + Math.floor(y / 8) * 1709 + seed * 90_001;
    const mixed = Math.imul(block ^ (block >>> 7), 2654435761);
    return (Math.imul(mixed ^ (mixed >>> 15), 2246822519) >>> (8 + (at % 3))) % 256;
  });
  mkdirSync(dirname(path), { recursive: true });
  await sharp(data, { raw: { width, height, channels: 3 } }).toFile(path);
}

beforeAll(async () => {
  root = await mkdtemp(join(tmpdir(), "cfcontra-"));
  photos = join(root, "photos");
  await makeDomains(root);
  const path = await preset(root, tiny(root));
  for (const method of ["cfcontra", "source-only"] as const) {
    runs[method] = join(root, method);
    const train = ["train", "--preset", path, "--method", method, "--out", runs[method]];
    expect((await cli(...train)).code).toBe(0);
  }
  for (const seed of [1, 2, 3, 4]) await photo(join(photos, "day", `${seed}.png`), seed);
  await photo(join(photos, "night", "1.png"), 5);
  await photo(join(photos, "day", "1-next.png"), 1, 1); // the next frame of a video
});
afterAll(() => rm(root, { recursive: true, force: true }));

const choose = async (run: string, out: string, ...args: string[]) =>
  cli("choose", run, photos, "--out", join(root, out), ...args);

describe.each(["cfcontra", "source-only"] as const)("choose by a run of %s", (method) => {
  test("writes a list, a contact sheet, the images and their pre-labels", async () => {
    const out = join(root, `out-${method}`);
    const {
      code,
      out: printed,
      err,
    } = await choose(runs[method], `out-${method}`, ...["--count", "3", "--json"]);
    expect([code, err]).toEqual([0, ""]);
    const found = JSON.parse(printed);
    expect(found).toMatchObject({ considered: 6, list: join(out, "chosen.csv") });
    expect(found.images).toHaveLength(3);
    const scores = found.images.map(({ score }: { score: number }) => score);
    expect(scores).toEqual([...scores].sort((a, b) => b - a));
    for (const { entropy, novelty, distance, file, image } of found.images) {
      expect(entropy).toBeGreaterThan(0);
      expect(entropy).toBeLessThanOrEqual(1);
      expect(distance).toBeGreaterThan(0);
      expect(typeof novelty).toBe(method === "cfcontra" ? "number" : "undefined");
      const copy = readFileSync(join(out, "images", file));
      expect(copy.equals(readFileSync(image))).toBe(true);
    }
    const files = found.images.map(({ file }: { file: string }) => file);
    const rows = readFileSync(join(out, "chosen.csv"), "utf8").trimEnd().split("\n");
    expect(rows.slice(1).map((row) => row.split(",")[1])).toEqual(files);
    expect(rows[0]).toBe("rank,file,image,score,informative,distance,entropy,novelty");
    const zip = unzipSync(readFileSync(join(out, "labels", "cvat.zip")));
    const masks = files.map((file: string) => `SegmentationClass/${file}`);
    expect(Object.keys(zip)).toEqual(expect.arrayContaining(masks));
    const { width, height } = await sharp(join(out, "contact-sheet.png")).metadata();
    expect(Math.min(width, height)).toBeGreaterThan(300);
  });

  test("chooses the same again, and only one of two frames", async () => {
    const all = ["--count", "9", "--json"];
    const first = JSON.parse((await choose(runs[method], `a-${method}`, ...all)).out);
    const again = JSON.parse((await choose(runs[method], `b-${method}`, ...all)).out);
    expect(again.images).toEqual(first.images);
    expect(first).toMatchObject({ nearDuplicates: 1, considered: 6 });
    const files = first.images.map(({ file }: { file: string }) => file);
    expect(files).toHaveLength(5);
    expect(files.filter((file: string) => /^day\/1/.test(file))).toHaveLength(1);
  });
});

test("choose writes pre-labels in the format of a tool", async () => {
  const format = ["--count", "2", "--format", "labelme"];
  expect((await choose(runs.cfcontra, "labelme", ...format)).code).toBe(0);
  const labels = join(root, "labelme", "labels");
  const [name] = readdirSync(labels, { recursive: true, encoding: "utf8" }).filter((file) =>
    file.endsWith(".json"),
  );
  const file = join(labels, name as string);
  const { imagePath } = JSON.parse(readFileSync(file, "utf8"));
  expect(existsSync(join(dirname(file), imagePath))).toBe(true);
  expect(imagePath).toContain("images/");
});

test("choose leaves out images that it cannot read, and refuses what is of no use", async () => {
  const bad = join(root, "bad");
  cpSync(photos, bad, { recursive: true });
  await writeFile(join(bad, "broken.png"), "no image");
  const { code, err } = await cli("choose", runs.cfcontra, bad, "--out", join(root, "some"));
  expect(code).toBe(0);
  expect(err).toContain("broken.png");
  expect(readdirSync(join(root, "some", "images"))).not.toContain("broken.png");
  const broken = join(bad, "broken.png");
  const none = await cli("choose", runs.cfcontra, broken, "--out", join(root, "none"));
  expectError(none, "no-images");
  expect(existsSync(join(root, "none"))).toBe(false);
  expectError(await choose(runs.cfcontra, "some"), "already-exists", "some");
  expectError(await choose(runs.cfcontra, "zero", "--count", "0"), "invalid-value", "--count 0");
  const nothing = await cli("choose", runs.cfcontra, join(bad, "*.gif"), "--out", join(root, "x"));
  expectError(nothing, "no-images", "*.gif");
});
