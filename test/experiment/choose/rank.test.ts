import { describe, expect, test } from "vitest";
import { hashDistance, NEAR, pictureHash } from "../../../src/experiment/choose/picture-hash.js";
import { type Description, rank } from "../../../src/experiment/choose/rank.js";

/** Hashes far from each other. */
const hashOf = (i: number) => BigInt.asUintN(64, BigInt(i + 1) * 0x9e3779b97f4a7c15n);

/** A unit vector at an angle, in degrees. */
const towards = (angle: number) =>
  Float32Array.of(Math.cos((angle * Math.PI) / 180), Math.sin((angle * Math.PI) / 180));

const image = (i: number, entropy: number, angle: number, novelty?: number): Description => ({
  entropy,
  novelty,
  feature: towards(angle),
  hash: hashOf(i),
});

const order = (images: readonly Description[], count = images.length) =>
  rank(images, count).choices.map(({ index }) => index);

describe("rank", () => {
  test("begins with the image of the highest entropy", () => {
    const images = [0.2, 0.9, 0.4].map((entropy, i) => image(i, entropy, 60 * i));
    expect(order(images, 1)).toEqual([1]);
    expect(rank(images, 1).choices[0]).toMatchObject({ score: 1, informative: 1, distance: 1 });
  });

  test("prefers another view to a slightly more uncertain image of the same", () => {
    const images = [image(0, 0.9, 0), image(1, 0.8, 5), image(2, 0.7, 80), image(3, 0.1, 5)];
    expect(order(images)).toEqual([0, 2, 1, 3]);
    const [, second] = rank(images, 2).choices;
    expect(second?.distance).toBeCloseTo(1 - Math.cos((80 * Math.PI) / 180), 5);
    expect(second?.score).toBeCloseTo(0.5 * (second?.distance ?? 0), 5); // the second of four by entropy
  });

  test("takes the distance from the source's prototypes into account", () => {
    const entropies = [0.5, 0.4, 0.3];
    const far = [0.1, 0.3, 0.9];
    const images = entropies.map((entropy, i) => image(i, entropy, 0, far[i]));
    expect(rank(images, 1).choices[0]?.informative).toBeCloseTo(2 / 3);
    const more = [...images, image(3, 0.6, 0, 0.95)];
    expect(order(more, 1)).toEqual([3]);
    const without = more.map((one) => ({ ...one, novelty: undefined }));
    expect(rank(without, 1).choices[0]?.informative).toBe(1);
  });

  test("leaves out near-duplicates of chosen images, and counts them", () => {
    const near = hashOf(0) ^ 0b1111n; // four bits
    const images = [
      image(0, 0.9, 0),
      { ...image(1, 0.8, 90), hash: near },
      image(2, 0.1, 45),
      { ...image(3, 0.2, 60), hash: near },
    ];
    expect(rank(images, 4)).toMatchObject({
      choices: [{ index: 0 }, { index: 2 }],
      nearDuplicates: 2,
    });
  });

  test("is the same every time, and prefers the first of equals", () => {
    const images = Array.from({ length: 40 }, (_, i) => image(i, (i * 7) % 5, (i * 37) % 90));
    expect(order(images)).toEqual(order(images));
    expect(new Set(order(images, 12)).size).toBe(12);
    const equal = [0, 1, 2].map((i) => image(i, 0.5, 0));
    expect(order(equal)).toEqual([0, 1, 2]);
  });

  test("ends with the images", () => {
    expect(order([image(0, 0.5, 0)], 20)).toEqual([0]);
    expect(rank([], 5)).toEqual({ choices: [], nearDuplicates: 0 });
  });
});

describe("the hash of a picture", () => {
  const size = { width: 90, height: 64 };
  /** A scene of plain blocks, moved to the left and made darker. */
  const scene = (seed: number, shift = 0, gain = 1) =>
    Uint8Array.from({ length: size.width * size.height * 3 }, (_, at) => {
      const [x, y] = [(Math.floor(at / 3) % size.width) + shift, Math.floor(at / 3 / size.width)];
      const block = Math.floor(x / 15) * 31 + Math.floor(y / 12) * 17 + seed * 101;
      return gain * (((Math.imul(block, 2654435761) >>> 8) % 200) + 20);
    });
  const apart = (a: Uint8Array, b: Uint8Array) =>
    hashDistance(pictureHash(a, size), pictureHash(b, size));

  test("is near for a moved or darker picture, and far for another", () => {
    expect(apart(scene(1), scene(1))).toBe(0);
    expect(apart(scene(1), scene(1, 2))).toBeLessThanOrEqual(NEAR);
    expect(apart(scene(1), scene(1, 0, 0.6))).toBeLessThanOrEqual(NEAR);
    for (const other of [2, 3, 4, 5]) {
      expect(apart(scene(1), scene(other))).toBeGreaterThan(NEAR);
    }
  });

  test("counts bits", () => {
    expect(hashDistance(0n, 2n ** 64n - 1n)).toBe(64);
    expect(hashDistance(0b1010n, 0b0110n)).toBe(2);
  });
});
