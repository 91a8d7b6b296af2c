import { deflateSync } from "node:zlib";
import fc from "fast-check";
import { encode } from "fast-png";
import sharp from "sharp";
import { describe, expect, it } from "vitest";
import { IGNORE } from "../../src/datasets/dataset.js";
import { identityMap, thenMap, toTrainIds } from "../../src/datasets/files/label-maps.js";
import { decodeLabel, resizeNearest } from "../../src/datasets/files/labels.js";
import { decodePng } from "../../src/datasets/files/png.js";
import { userError } from "../user-error.js";
import { encodeLabel } from "./fixtures.js";
import { adam7Rows, pngChunk, pngOf } from "./png.js";

const side = fc.integer({ min: 1, max: 24 });

/** A size with as many ids as it has pixels. */
const labels = fc.tuple(side, side).chain(([width, height]) =>
  fc.record({
    size: fc.constant({ width, height }),
    ids: fc.uint8Array({ minLength: width * height, maxLength: width * height }),
  }),
);

describe("decodeLabel", () => {
  it.each(["grey", "palette", "rgb16"] as const)("gives back the ids of a %s PNG", (encoding) => {
    fc.assert(
      fc.property(labels, ({ size, ids }) => {
        const label = decodeLabel(encodeLabel(ids, size, encoding), "a.png", "id");
        expect(label).toMatchObject(size);
        expect([...label.values]).toEqual([...ids]);
      }),
    );
  });

  it.each([1, 2, 4] as const)("unpacks palette indices of %i bit", (depth) => {
    fc.assert(
      fc.property(labels, ({ size, ids }) => {
        const small = ids.map((id) => id & ((1 << depth) - 1));
        const bytesPerRow = Math.ceil((size.width * depth) / 8);
        const data = new Uint8Array(bytesPerRow * size.height);
        for (const [pixel, id] of small.entries()) {
          const bit = (pixel % size.width) * depth;
          const at = Math.floor(pixel / size.width) * bytesPerRow + (bit >> 3);
          data[at] = (data[at] as number) | (id << (8 - depth - (bit & 7)));
        }
        const palette = Array.from({ length: 1 << depth }, (_, id) => [id, 0, 0]);
        const png = encode({ ...size, channels: 1, depth, data, palette });
        expect([...decodeLabel(png, "a.png", "id").values]).toEqual([...small]);
      }),
    );
  });

  it.each([1, 2, 4, 8, 16])("reads interlaced grey levels and indices of %i bit", async (depth) => {
    const most = 2 ** depth - 1;
    await fc.assert(
      fc.asyncProperty(labels, async ({ size, ids }) => {
        const small = [...ids].map((id) => (id * 257) & most);
        const rows = adam7Rows(small, size, depth);
        const parts = { ...size, depth, interlaced: true, rows };
        const grey = pngOf({ ...parts, colorType: 0 });
        const label = decodeLabel(grey, "a.png", "id");
        expect(label).toMatchObject({ ...size, depth, indexed: false });
        expect([...label.values]).toEqual(small);
        const seen = await sharp(grey).toColourspace("b-w").raw().toBuffer();
        const level = (id: number) => (depth === 16 ? id >> 8 : (id * 255) / most);
        expect([...seen]).toEqual(small.map(level)); // the test's own file is a good one
        if (depth === 16) return;
        const palette = Uint8Array.from({ length: 3 * (most + 1) }, (_, i) => (i * 7) & 255);
        const chunks = [pngChunk("PLTE", palette)];
        const indexed = decodeLabel(pngOf({ ...parts, colorType: 3, chunks }), "a.png", "id");
        expect(indexed).toMatchObject({ ...size, depth, indexed: true });
        expect([...indexed.values]).toEqual(small);
      }),
      { numRuns: 30 },
    );
  });

  it.each(["rgb", "rgba", "grey and alpha"] as const)(
    "reads what libpng filters: %s",
    async (kind) => {
      const channels = { rgb: 3, rgba: 4, "grey and alpha": 2 }[kind] as 2 | 3 | 4;
      const [width, height] = [37, 23];
      const pixels = Uint8Array.from({ length: width * height * channels }, (_, i) => (i * i) >> 5);
      for (const progressive of [false, true]) {
        const image = sharp(pixels, { raw: { width, height, channels } });
        if (channels === 2) image.toColourspace("b-w");
        const bytes = await image.png({ progressive, adaptiveFiltering: true }).toBuffer();
        const { samples } = decodePng(bytes);
        expect(Buffer.from(samples).equals(pixels)).toBe(true);
      }
    },
  );

  it("refuses more pixels than the limit, and inflates no more than the header needs", async () => {
    const huge = { width: 60_000, height: 60_000, depth: 8, colorType: 0 };
    const refused = (png: Uint8Array, ...names: string[]) =>
      userError(() => decodeLabel(png, "a.png", "id"), "label-unreadable", "a.png", ...names);
    await refused(pngOf({ ...huge, rows: new Uint8Array(9) }), "60000x60000");
    const small = { width: 16, height: 16, depth: 8, colorType: 0 };
    const rows = new Uint8Array(16 * 17);
    const many = pngOf({ ...small, rows: new Uint8Array(2 ** 28) });
    const profile = Buffer.concat([Buffer.from("icc\0\0"), deflateSync(new Uint8Array(2 ** 28))]);
    const bulky = pngOf({ ...small, rows, chunks: [pngChunk("iCCP", profile)] });
    const before = process.resourceUsage().maxRSS; // KiB
    await refused(many, "more pixels");
    expect(decodeLabel(bulky, "a.png", "id").values).toHaveLength(256);
    expect(process.resourceUsage().maxRSS - before).toBeLessThan(100 * 1024);
    await refused(pngOf({ ...small, rows: rows.subarray(1) }), "rows are missing");
  });

  it("takes the first channel of grey saved as RGB, with and without alpha", () => {
    const size = { width: 2, height: 1 };
    const rgb = encode({ ...size, channels: 3, data: new Uint8Array([7, 7, 7, 9, 9, 9]) });
    expect([...decodeLabel(rgb, "a.png", "id").values]).toEqual([7, 9]);
    const alpha = encode({ ...size, channels: 2, data: new Uint8Array([7, 255, 9, 255]) });
    expect([...decodeLabel(alpha, "a.png", "id").values]).toEqual([7, 9]);
  });

  it("keeps 16-bit ids beyond 255", () => {
    const data = new Uint16Array([300, 65535]);
    const png = encode({ width: 2, height: 1, channels: 1, depth: 16, data });
    expect([...decodeLabel(png, "a.png", "id").values]).toEqual([300, 65535]);
  });

  it("reads colours from RGB, palette and grey", () => {
    const size = { width: 2, height: 1 };
    const rgb = encode({ ...size, channels: 3, data: new Uint8Array([1, 2, 3, 255, 0, 16]) });
    expect([...decodeLabel(rgb, "a.png", "color").values]).toEqual([0x010203, 0xff0010]);
    const palette = [
      [1, 2, 3],
      [255, 0, 16],
    ];
    const data = new Uint8Array([1, 0]);
    const indexed = encode({ ...size, channels: 1, data, palette });
    expect([...decodeLabel(indexed, "a.png", "color").values]).toEqual([0xff0010, 0x010203]);
    const grey = encode({ ...size, channels: 1, data });
    expect([...decodeLabel(grey, "a.png", "color").values]).toEqual([0x010101, 0]);
  });

  it("sees the largest grey level as white, whatever the depth", () => {
    const size = { width: 4, height: 1 };
    const colors = (depth: number, row: number) => {
      const png = pngOf({ ...size, depth, colorType: 0, rows: Uint8Array.of(0, row) });
      return [...decodeLabel(png, "a.png", "color").values];
    };
    expect(colors(1, 0b0110_0000)).toEqual([0, 0xffffff, 0xffffff, 0]);
    expect(colors(2, 0b11_10_01_00)).toEqual([0xffffff, 0xaaaaaa, 0x555555, 0]);
  });

  it("refuses an index that the palette lacks, as a colour", async () => {
    const size = { width: 2, height: 1 };
    const palette = [[1, 2, 3]];
    const png = encode({ ...size, channels: 1, data: new Uint8Array([0, 1]), palette });
    await userError(() => decodeLabel(png, "a.png", "color"), "label-unreadable", "a.png", "1");
  });
});

describe("resizeNearest", () => {
  it("takes each pixel from the source pixel under its centre", () => {
    fc.assert(
      fc.property(labels, side, side, ({ size, ids }, width, height) => {
        const resized = resizeNearest(ids, size, { width, height });
        expect(resized).toHaveLength(width * height);
        for (let y = 0; y < height; y++) {
          for (let x = 0; x < width; x++) {
            const column = Math.floor(((x + 0.5) * size.width) / width);
            const row = Math.floor(((y + 0.5) * size.height) / height);
            expect(resized[y * width + x]).toBe(ids[row * size.width + column]);
          }
        }
      }),
    );
  });

  it("gives the label back after enlarging it by whole factors", () => {
    fc.assert(
      fc.property(labels, fc.integer({ min: 1, max: 4 }), ({ size, ids }, factor) => {
        const large = { width: size.width * factor, height: size.height * factor };
        expect(resizeNearest(resizeNearest(ids, size, large), large, size)).toEqual(ids);
      }),
    );
  });
});

describe("label maps", () => {
  const label = (...ids: number[]) => ({
    ...{ width: 2, height: 2, depth: 16 as const, indexed: false },
    values: Uint16Array.from(ids),
  });

  it("ignores or refuses unknown values", async () => {
    const loose = identityMap(3, "ignore");
    expect([...toTrainIds(label(0, 2, 3, 999), loose, "a.png")]).toEqual([0, 2, 255, 255]);
    const strict = identityMap(3, "error");
    expect([...toTrainIds(label(0, 2, 255, 1), strict, "a.png")]).toEqual([0, 2, 255, 1]);
    const read = () => toTrainIds(label(0, 2, 255, 999), strict, "a.png");
    await userError(read, "label-value", "a.png", "999 at x 1, y 1");
  });

  it("chains", () => {
    const chained = thenMap(identityMap(3, "ignore"), new Map([[2, 0]]));
    expect([...toTrainIds(label(0, 1, 2, 7), chained, "a.png")]).toEqual([
      IGNORE,
      IGNORE,
      0,
      IGNORE,
    ]);
  });
});
