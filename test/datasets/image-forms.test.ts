import { execFileSync } from "node:child_process";
import { symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import sharp from "sharp";
import { describe, expect, test } from "vitest";
import type { Size } from "../../src/datasets/dataset.js";
import { readImage } from "../../src/datasets/files/images.js";
import { openDataset } from "../../src/datasets/open.js";
import { userError } from "../user-error.js";
import { inTemporaryFolder, writeImage, writeLabel } from "./fixtures.js";
import { pngChunk, pngOf } from "./png.js";

/** Pixels without structure in common with a flip of them, [height * width * channels]. */
const pixels = ({ width, height }: Size, channels = 3): Uint8Array =>
  Uint8Array.from({ length: width * height * channels }, (_, i) => ((i * i * 7) >> 3) & 255);

const size = { width: 24, height: 16 };
const SIZES = [
  undefined,
  { width: 12, height: 8 },
  { width: 7, height: 19 },
  { width: 48, height: 31 },
];

/** Expects two files to be read alike, at every size. */
async function expectAlike(path: string, other: string): Promise<void> {
  for (const to of SIZES) {
    const [a, b] = await Promise.all([readImage(path, to), readImage(other, to)]);
    expect([a.width, a.height, a.original]).toEqual([b.width, b.height, b.original]);
    expect(Buffer.from(a.data).equals(b.data), JSON.stringify(to)).toBe(true);
  }
}

describe("transparent pixels keep the colours that are stored", () => {
  const rgb = pixels(size);
  const count = size.width * size.height;
  const withAlpha = (colors: Uint8Array, alpha: number) => {
    const channels = colors.length / count;
    return Uint8Array.from({ length: count * (channels + 1) }, (_, i) => {
      const channel = i % (channels + 1);
      const pixel = Math.floor(i / (channels + 1));
      return channel === channels ? alpha : (colors[pixel * channels + channel] as number);
    });
  };
  const rows = (samples: Uint8Array) => {
    const row = samples.length / size.height;
    return Buffer.concat(
      Array.from({ length: size.height }, (_, y) =>
        Buffer.concat([Buffer.of(0), samples.subarray(y * row, (y + 1) * row)]),
      ),
    );
  };

  test.each([0, 1, 40])("RGBA in PNG, 16-bit PNG and WebP, alpha %i", (alpha) =>
    inTemporaryFolder(async (root) => {
      const at = (name: string) => join(root, name);
      await writeImage(at("rgb.png"), rgb, size);
      const rgba = withAlpha(rgb, alpha);
      await writeFile(at("a.png"), pngOf({ ...size, depth: 8, colorType: 6, rows: rows(rgba) }));
      const deep = Uint8Array.from({ length: 2 * rgba.length }, (_, i) => rgba[i >> 1] as number);
      await writeFile(at("16.png"), pngOf({ ...size, depth: 16, colorType: 6, rows: rows(deep) }));
      await sharp(rgba, { raw: { ...size, channels: 4 } })
        .webp({ lossless: true, exact: true })
        .toFile(at("a.webp"));
      for (const name of ["a.png", "16.png", "a.webp"]) await expectAlike(at(name), at("rgb.png"));
    }),
  );

  test.each([0, 40])("grey with alpha %i, and a palette with it", (alpha) =>
    inTemporaryFolder(async (root) => {
      const at = (name: string) => join(root, name);
      const grey = pixels(size, 1);
      const plain = { ...size, depth: 8, colorType: 0, rows: rows(grey) };
      await writeFile(at("plain.png"), pngOf(plain));
      const both = rows(withAlpha(grey, alpha));
      await writeFile(at("grey.png"), pngOf({ ...plain, colorType: 4, rows: both }));
      const palette = Uint8Array.from({ length: 3 * 256 }, (_, i) => Math.floor(i / 3));
      const chunks = [pngChunk("PLTE", palette), pngChunk("tRNS", new Uint8Array(256).fill(alpha))];
      await writeFile(at("indexed.png"), pngOf({ ...plain, colorType: 3, chunks }));
      for (const name of ["grey.png", "indexed.png"]) {
        await expectAlike(at(name), at("plain.png"));
      }
    }),
  );
});

describe("an image is turned by its EXIF orientation", () => {
  type Place = (x: number, y: number, last: { x: number; y: number }) => [number, number];
  /** Where the upright image's pixel (x, y) is stored; `last` is the stored image's last pixel. */
  const STORED: Readonly<Record<number, Place>> = {
    1: (x, y) => [x, y],
    2: (x, y, { x: right }) => [right - x, y],
    3: (x, y, { x: right, y: bottom }) => [right - x, bottom - y],
    4: (x, y, { y: bottom }) => [x, bottom - y],
    5: (x, y) => [y, x],
    6: (x, y, { y: bottom }) => [y, bottom - x],
    7: (x, y, { x: right, y: bottom }) => [right - y, bottom - x],
    8: (x, y, { x: right }) => [right - y, x],
  };

  const upright = (stored: Uint8Array, { width, height }: Size, orientation: number) => {
    const to = orientation > 4 ? { width: height, height: width } : { width, height };
    const place = STORED[orientation] as Place;
    const data = new Uint8Array(stored.length);
    for (let y = 0; y < to.height; y++) {
      for (let x = 0; x < to.width; x++) {
        const [sx, sy] = place(x, y, { x: width - 1, y: height - 1 });
        const from = 3 * (sy * width + sx);
        data.set(stored.subarray(from, from + 3), 3 * (y * to.width + x));
      }
    }
    return { data, size: to };
  };

  describe.each([size, { width: 16, height: 16 }])("$width x $height", (stored) => {
    test.each([1, 2, 3, 4, 5, 6, 7, 8])("orientation %i", (orientation) =>
      inTemporaryFolder(async (root) => {
        const at = (name: string) => join(root, name);
        const data = pixels(stored);
        const image = () =>
          sharp(data, { raw: { ...stored, channels: 3 } }).withMetadata({ orientation });
        await image().png().toFile(at("a.png"));
        await image().webp({ lossless: true }).toFile(at("a.webp"));
        await image().jpeg({ quality: 100 }).toFile(at("a.jpg"));
        const wanted = upright(data, stored, orientation);
        await writeImage(at("upright.png"), wanted.data, wanted.size);
        for (const name of ["a.png", "a.webp"]) await expectAlike(at(name), at("upright.png"));
        // A JPEG is lossy: its stored pixels, turned by hand.
        const lossy = await sharp(at("a.jpg")).raw().toBuffer();
        await writeImage(at("lossy.png"), upright(lossy, stored, orientation).data, wanted.size);
        await expectAlike(at("a.jpg"), at("lossy.png"));
      }),
    );
  });

  test("a label belongs to the upright image; one that was not turned is named", () =>
    inTemporaryFolder(async (root) => {
      await sharp(pixels(size), { raw: { ...size, channels: 3 } })
        .withMetadata({ orientation: 6 })
        .jpeg()
        .toFile(await folderFor(root, "images/a.jpg"));
      const turned = { width: size.height, height: size.width };
      const label = new Uint8Array(size.width * size.height);
      await writeLabel(join(root, "labels/a.png"), label, turned);
      const set = await openDataset({ type: "folder", root, classes: ["a", "b"] });
      expect(await set.load(0)).toMatchObject(turned);
      await writeLabel(join(root, "labels/a.png"), label, size);
      await userError(set.load(0), "label-size", "a.jpg", "24x16", "16x24", "EXIF");
    }));
});

test.each([false, true])("colour profiles are converted to sRGB, 16 bit: %s", (deep) =>
  inTemporaryFolder(async (root) => {
    const path = join(root, "a.png");
    // Red and green of sRGB, in sRGB and in Display P3 (CSS Color 4: #ff0000 is 234, 51, 35).
    const colors = { srgb: [255, 0, 0, 0, 255, 0], p3: [234, 51, 35, 117, 251, 76] };
    for (const [profile, values] of Object.entries(colors)) {
      const two = { raw: { width: 2, height: 1, channels: 3 as const } };
      const image = deep
        ? sharp(
            Uint16Array.from(values, (value) => value * 257),
            two,
          ).toColourspace("rgb16")
        : sharp(Uint8Array.from(values), two);
      // The profile is attached, not converted to: the file's values are those above.
      const bytes = await image.png().toBuffer();
      const icc = await iccOf(profile);
      await writeFile(path, withChunk(bytes, icc));
      const { data } = await readImage(path);
      const wanted = [255, 0, 0, 0, 255, 0];
      for (const [i, value] of data.entries()) {
        expect(Math.abs(value - (wanted[i] as number)), `${profile} ${i}`).toBeLessThan(6);
      }
    }
  }),
);

/** The iCCP chunk that sharp writes for a profile that it knows. */
async function iccOf(profile: string): Promise<Buffer> {
  const png = await sharp({ create: { width: 1, height: 1, channels: 3, background: "#000" } })
    .withIccProfile(profile)
    .png()
    .toBuffer();
  const at = png.indexOf("iCCP") - 4;
  return png.subarray(at, at + 12 + png.readUInt32BE(at));
}

/** A PNG with another chunk after its header. */
const withChunk = (png: Buffer, chunk: Buffer): Buffer =>
  Buffer.concat([png.subarray(0, 33), chunk, png.subarray(33)]);

describe("by content, only PNG, JPEG and WebP are read", () => {
  const svg = (inside: string) =>
    `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9">${inside}</svg>`;
  const flat = sharp({ create: { width: 9, height: 9, channels: 3, background: "#a00" } });
  const kinds: Record<string, () => Promise<string | Uint8Array> | string | Uint8Array> = {
    SVG: () => svg(`<image href="beside.png" width="9" height="9"/>`),
    "SVG, after a space": () => ` \n${svg("")}`,
    GIF: () => flat.clone().gif().toBuffer(),
    TIFF: () => flat.clone().tiff().toBuffer(),
    AVIF: () => flat.clone().heif({ compression: "av1" }).toBuffer(),
    BMP: () => Buffer.from("BM000000000000000000000000000000"),
  };
  test.each(Object.entries(kinds))("%s is refused", (kind, bytes) =>
    inTemporaryFolder(async (root) => {
      const path = join(root, "a.png");
      await writeImage(join(root, "beside.png"), pixels(size), size);
      await writeFile(path, await bytes());
      await userError(readImage(path), "image-unreadable", path, kind.slice(0, 3));
    }),
  );

  test("a JPEG that is called .png is read", () =>
    inTemporaryFolder(async (root) => {
      const path = join(root, "a.png");
      await flat.clone().jpeg().toFile(join(root, "a.jpg"));
      await writeFile(path, await sharp(join(root, "a.jpg")).jpeg().toBuffer());
      expect((await readImage(path)).width).toBe(9);
    }));
});

test("pipes, devices, folders and what is missing are refused, not waited for", () =>
  inTemporaryFolder(async (root) => {
    const at = (name: string) => join(root, name);
    execFileSync("mkfifo", [at("pipe.png")]);
    await symlink("/dev/zero", at("zero.png"));
    await symlink("loop.png", at("loop.png"));
    await symlink(root, at("folder.png"));
    for (const name of ["pipe", "zero", "loop", "folder", "missing"]) {
      await userError(readImage(at(`${name}.png`)), "image-unreadable", `${name}.png`);
    }
  }));

async function folderFor(root: string, path: string): Promise<string> {
  await writeImage(join(root, path), new Uint8Array(3), { width: 1, height: 1 });
  return join(root, path);
}
