import fc from "fast-check";
import { encode } from "fast-png";
import { describe, expect, it } from "vitest";
import { IGNORE } from "../../src/datasets/dataset.js";
import { identityMap, thenMap, toTrainIds } from "../../src/datasets/files/label-maps.js";
import { decodeLabel, resizeNearest } from "../../src/datasets/files/labels.js";
import { encodeLabel } from "./fixtures.js";

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
    ...{ width: 2, height: 2, depth: 16 as const },
    values: Uint16Array.from(ids),
  });

  it("ignores or refuses what it does not know", () => {
    const loose = identityMap(3, "ignore");
    expect([...toTrainIds(label(0, 2, 3, 999), loose, "a.png")]).toEqual([0, 2, 255, 255]);
    const strict = identityMap(3, "error");
    expect([...toTrainIds(label(0, 2, 255, 1), strict, "a.png")]).toEqual([0, 2, 255, 1]);
    expect(() => toTrainIds(label(0, 2, 255, 999), strict, "a.png")).toThrow("999 at x 1, y 1");
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
