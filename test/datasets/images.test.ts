import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encode } from "fast-png";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { readImage, resizedRgb } from "../../src/datasets/files/images.js";
import { userError } from "../user-error.js";
import { inTemporaryFolder, sceneImage, sceneLabel } from "./fixtures.js";

const size = { width: 64, height: 32 };
const scene = sceneImage(sceneLabel(0), 0);

describe("readImage", () => {
  it("reads PNG and lossless WebP exactly, JPEG closely", () =>
    inTemporaryFolder(async (folder) => {
      const smooth = await sharp(scene, { raw: { ...size, channels: 3 } })
        .blur(4)
        .raw()
        .toBuffer();
      const image = () => sharp(smooth, { raw: { ...size, channels: 3 } });
      await image().png().toFile(join(folder, "a.png"));
      await image().webp({ lossless: true }).toFile(join(folder, "a.webp"));
      await image().jpeg({ quality: 95 }).toFile(join(folder, "a.jpg"));
      for (const name of ["a.png", "a.webp"]) {
        const read = await readImage(join(folder, name));
        expect(read).toMatchObject({ ...size, original: size });
        expect(Buffer.from(read.data).equals(smooth)).toBe(true);
      }
      const { data } = await readImage(join(folder, "a.jpg"));
      const error = data.reduce((sum, v, at) => sum + Math.abs(v - (smooth[at] as number)), 0);
      expect(error / data.length).toBeLessThan(3);
    }));

  it("makes RGB of grey, alpha, palette and 16 bit", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "a.png");
      const two = { width: 2, height: 1 };
      const read = async (png: Uint8Array) => {
        await writeFile(path, png);
        return [...(await readImage(path)).data];
      };
      const grey = { ...two, channels: 1, data: new Uint8Array([5, 200]) };
      expect(await read(encode(grey))).toEqual([5, 5, 5, 200, 200, 200]);
      const alpha = new Uint8Array([1, 2, 3, 0, 4, 5, 6, 255]);
      expect(await read(encode({ ...two, channels: 4, data: alpha }))).toEqual([1, 2, 3, 4, 5, 6]);
      const palette = [
        [9, 8, 7],
        [1, 2, 3],
      ];
      expect(await read(encode({ ...grey, data: new Uint8Array([1, 0]), palette }))).toEqual([
        1, 2, 3, 9, 8, 7,
      ]);
      const deep = new Uint16Array([0x1234, 0x8000, 0xffff, 0, 0x0100, 0x4000]);
      expect(await read(encode({ ...two, channels: 3, depth: 16, data: deep }))).toEqual([
        0x12, 0x80, 0xff, 0, 1, 0x40,
      ]);
      const deepGrey = { ...two, channels: 1, depth: 16 as const };
      expect(await read(encode({ ...deepGrey, data: new Uint16Array([0x1234, 0x8000]) }))).toEqual([
        0x12, 0x12, 0x12, 0x80, 0x80, 0x80,
      ]);
    }));

  it("resizes without keeping the aspect, and tells the original size", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "a.png");
      const flat = new Uint8Array(64 * 32 * 3).fill(77);
      await sharp(flat, { raw: { ...size, channels: 3 } }).toFile(path);
      for (const to of [
        { width: 10, height: 30 },
        { width: 100, height: 7 },
      ]) {
        const image = await readImage(path, to);
        expect(image).toMatchObject({ ...to, original: size });
        expect(image.data.every((value) => value === 77)).toBe(true);
      }
    }));

  it("keeps content in place: the mean position of a bright square scales with the size", () =>
    inTemporaryFolder(async (folder) => {
      const path = join(folder, "a.png");
      const spot = new Uint8Array(64 * 32 * 3);
      for (let y = 4; y < 12; y++) spot.fill(255, (y * 64 + 40) * 3, (y * 64 + 48) * 3);
      await sharp(spot, { raw: { ...size, channels: 3 } }).toFile(path);
      for (const [width, height] of [
        [32, 16],
        [128, 64],
        [90, 45],
        [32, 64],
        [80, 20],
      ] as const) {
        const { data } = await readImage(path, { width, height });
        let [mass, across, down] = [0, 0, 0];
        for (let pixel = 0; pixel < width * height; pixel++) {
          const value = data[pixel * 3] as number;
          mass += value;
          across += value * ((pixel % width) + 0.5);
          down += value * (Math.floor(pixel / width) + 0.5);
        }
        expect((across / mass / width) * 64).toBeCloseTo(44, 1);
        expect((down / mass / height) * 32).toBeCloseTo(8, 1);
      }
    }));
});

it("pixels in memory may be RGBA, and their number is checked", async () => {
  const size = { width: 4, height: 4 };
  const red = Uint8Array.from({ length: 64 }, (_, i) => (i % 4 === 0 || i % 4 === 3 ? 255 : 0));
  const want = Array.from({ length: 12 }, (_, i) => (i % 3 === 0 ? 255 : 0));
  expect([...(await resizedRgb(red, size, { width: 2, height: 2 }))]).toEqual(want);
  expect(await resizedRgb(red, size, size)).toHaveLength(48);
  await userError(resizedRgb(red.slice(1), size, size), "invalid-value", "4x4", "63 bytes");
});
