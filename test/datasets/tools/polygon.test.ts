import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { ellipse, polygon, type Ring, rectangle } from "../../../src/datasets/tools/polygon.js";
import type { Paint } from "../../../src/datasets/tools/regions.js";

/** The rows that a region covers. */
function rows(paint: Paint, width = 8, height = 6): string[] {
  const values = new Uint16Array(width * height);
  paint({ width, height, values }, 1);
  return Array.from({ length: height }, (_, y) =>
    [...values.subarray(y * width, (y + 1) * width)].map((value) => ".#"[value]).join(""),
  );
}

/** The even-odd rule for one point, by a ray to the right and exact cross products (Franklin's pnpoly). */
function inside(rings: readonly Ring[], x: number, y: number): boolean {
  let odd = false;
  for (const ring of rings) {
    for (let i = 0, j = ring.length - 2; i < ring.length; j = i, i += 2) {
      const [xi = 0, yi = 0, xj = 0, yj = 0] = [ring[i], ring[i + 1], ring[j], ring[j + 1]];
      if (yi > y === yj > y) continue;
      const cross = (xj - xi) * (y - yi) - (x - xi) * (yj - yi);
      if (yj > yi ? cross > 0 : cross < 0) odd = !odd;
    }
  }
  return odd;
}

describe("polygon", () => {
  it("covers the pixels whose centres it contains", () => {
    // Centres are at 0.5, 1.5, ...: from 1.6 the second column is out, to 4.6 the fifth is in.
    expect(rows(polygon([[1.6, 1.4, 4.6, 1.4, 4.6, 3.4, 1.6, 3.4]]))).toEqual([
      "........",
      "..###...",
      "..###...",
      "........",
      "........",
      "........",
    ]);
  });

  it("has no anti-aliasing and no outline: a sliver without centres is empty", () => {
    expect(rows(polygon([[0, 0.6, 8, 0.6, 8, 1.4, 0, 1.4]])).join("")).not.toContain("#");
  });

  it("leaves out what is outside of the image, and needs no corner in it", () => {
    expect(rows(polygon([[-1e9, -1e9, 2, -1e9, 2, 1e9, -1e9, 1e9]]))).toEqual(
      Array(6).fill("##......"),
    );
    expect(rows(polygon([[20, 1, 30, 1, 30, 5]])).join("")).not.toContain("#");
    expect(rows(polygon([[-9, 3, -3, 3, -3, 9]])).join("")).not.toContain("#");
  });

  it("cuts holes by the even-odd rule, also where a line crosses itself", () => {
    const outer = [0, 0, 8, 0, 8, 6, 0, 6];
    expect(rows(polygon([outer, [2, 2, 6, 2, 6, 4, 2, 4]]))).toEqual([
      "########",
      "########",
      "##....##",
      "##....##",
      "########",
      "########",
    ]);
    expect(rows(polygon([[...outer, ...outer]])).join("")).not.toContain("#");
  });

  it("with fewer than three corners is empty", () => {
    for (const ring of [[], [1, 1], [0, 0, 8, 6]]) {
      expect(rows(polygon([ring])).join("")).not.toContain("#");
    }
  });

  it("agrees with the rule for each pixel, for any corners", () => {
    const corner = fc.integer({ min: -6, max: 22 }).map((value) => value / 2);
    const ring = fc.array(fc.tuple(corner, corner), { maxLength: 7 }).map((pairs) => pairs.flat());
    fc.assert(
      fc.property(fc.array(ring, { maxLength: 3 }), (rings) => {
        const expected = Array.from({ length: 6 }, (_, y) =>
          Array.from({ length: 8 }, (_, x) => (inside(rings, x + 0.5, y + 0.5) ? "#" : ".")).join(
            "",
          ),
        );
        expect(rows(polygon(rings))).toEqual(expected);
      }),
      { numRuns: 2000 },
    );
  });

  it("with a shared edge covers every pixel once", () => {
    const corner = fc.tuple(
      fc.double({ min: 0, max: 8, noNaN: true }),
      fc.double({ min: 0, max: 6, noNaN: true }),
    );
    fc.assert(
      fc.property(corner, ([x, y]) => {
        // The image, cut into four triangles that meet at a point.
        const corners = [0, 0, 8, 0, 8, 6, 0, 6, 0, 0];
        const counts = new Uint16Array(48);
        for (let i = 0; i < 8; i += 2) {
          const values = new Uint16Array(48);
          polygon([[...corners.slice(i, i + 4), x, y]])({ width: 8, height: 6, values }, 1);
          for (const [pixel, value] of values.entries())
            counts[pixel] = (counts[pixel] ?? 0) + value;
        }
        expect([...new Set(counts)]).toEqual([1]);
      }),
      { numRuns: 500 },
    );
  });
});

describe("rectangle", () => {
  it("turns about its centre", () => {
    const box = { left: 2, top: 2, right: 6, bottom: 4 };
    expect(rows(rectangle(box))).toEqual(rows(rectangle(box, 180)));
    expect(rows(rectangle(box, 90))).toEqual(
      rows(rectangle({ left: 3, top: 1, right: 5, bottom: 5 })),
    );
  });
});

describe("ellipse", () => {
  it("covers the pixels whose centres it contains", () => {
    expect(rows(ellipse({ x: 4, y: 3, rx: 3, ry: 1.5 }))).toEqual([
      "........",
      "........", // (0.5 / 3)^2 + (1.5 / 1.5)^2 > 1
      ".######.", // (2.5 / 3)^2 + (0.5 / 1.5)^2 = 0.81
      ".######.",
      "........",
      "........",
    ]);
  });

  it("turns about its centre", () => {
    expect(rows(ellipse({ x: 4, y: 3, rx: 3, ry: 1.5 }, 90))).toEqual(
      rows(ellipse({ x: 4, y: 3, rx: 1.5, ry: 3 })),
    );
  });
});
