import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { checkDataset } from "../../src/datasets/check.js";
import { openDataset } from "../../src/datasets/open.js";
import { userError } from "../user-error.js";
import { inTemporaryFolder, writeImage } from "./fixtures.js";
import { pngChunk, pngOf } from "./png.js";

const size = { width: 8, height: 1 };

/** A mask whose first four pixels are white, in that many bits per pixel. */
const mask = (depth: 1 | 8, colorType = 0) =>
  pngOf({
    ...{ ...size, depth, colorType },
    rows: depth === 1 ? Uint8Array.of(0, 0xf0) : Uint8Array.of(0, 255, 255, 255, 255, 0, 0, 0, 0),
    chunks: colorType === 3 ? [pngChunk("PLTE", Uint8Array.of(0, 0, 0, 255, 255, 255))] : [],
  });

/** A data set of these labels, a, b, c ... */
async function setOf(root: string, options: object, ...labels: readonly Uint8Array[]) {
  await mkdir(join(root, "labels"), { recursive: true });
  for (const [i, label] of labels.entries()) {
    await writeImage(join(root, `images/${"abc"[i]}.png`), new Uint8Array(24), size);
    await writeFile(join(root, `labels/${"abc"[i]}.png`), label);
  }
  return openDataset({ type: "folder", root, classes: ["back", "front"], ...options });
}

const white = (label: Uint8Array | undefined) => label?.[0];

describe("a mask of 0 and 255 that was stored with 1 bit", () => {
  test("does not silently become class 1 if the mapping has 255", () =>
    inTemporaryFolder(async (root) => {
      const mapping = { 0: "back", 1: "front", 255: "ignore" };
      const set = await setOf(root, { mapping }, mask(8), mask(1));
      expect(white((await set.load(0)).label)).toBe(255);
      await userError(set.load(1), "label-value", "b.png", "1 bit", "255", "`mapping`");
      const { problems } = await checkDataset(set);
      expect(problems).toEqual([expect.stringContaining("b.png")]);
    }));

  test("is not in a mapping that has only 255, and the message explains it", () =>
    inTemporaryFolder(async (root) => {
      const set = await setOf(root, { mapping: { 0: "back", 255: "front" } }, mask(1));
      await userError(set.load(0), "label-value", "a.png", "id 1", "its 1 is 255");
    }));

  test.each([
    ["before", [8, 1, 1] as const],
    ["after", [1, 8, 1] as const],
  ])("is named if the others have 8 bits, read %s it", (_, depths) =>
    inTemporaryFolder(async (root) => {
      const set = await setOf(root, {}, ...depths.map((depth) => mask(depth)));
      const { problems } = await checkDataset(set);
      const named = problems.filter((text) => /1 bit per pixel/.test(text));
      expect(named.length).toBeGreaterThan(0);
      const narrow = /[abc]\.png/.exec(named[0] as string)?.[0][0] as string;
      expect(depths["abc".indexOf(narrow)]).toBe(1);
    }),
  );

  test("is class 1 if all labels have 1 bit, or an index of a palette", () =>
    inTemporaryFolder(async (root) => {
      const grey = await setOf(join(root, "grey"), {}, mask(1), mask(1));
      expect(white((await grey.load(1)).label)).toBe(1);
      const indexed = await setOf(join(root, "indexed"), {}, mask(8), mask(1, 3));
      await indexed.load(0);
      expect(white((await indexed.load(1)).label)).toBe(1);
    }));

  test("has the colours of the same mask with 8 bits", () =>
    inTemporaryFolder(async (root) => {
      const mapping = { "#000000": "back", "#ffffff": "front" };
      const set = await setOf(root, { mapping }, mask(8), mask(1));
      for (const index of [0, 1]) {
        expect([...((await set.load(index)).label ?? [])]).toEqual([1, 1, 1, 1, 0, 0, 0, 0]);
      }
    }));
});

test("labels of 0 and 255 alone, without a mapping, are a problem", () =>
  inTemporaryFolder(async (root) => {
    const { problems } = await checkDataset(await setOf(root, {}, mask(8)));
    expect(problems).toEqual([expect.stringMatching(/mapping: \{ 0: back, 255: front \}/)]);
    const mapping = { 0: "back", 255: "front" };
    const mapped = await setOf(root, { mapping }, mask(8));
    expect((await checkDataset(mapped)).problems).toEqual([]);
  }));
