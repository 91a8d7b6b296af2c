import { describe, expect, it } from "vitest";
import { augmenting, augmentSchema } from "../../src/datasets/augment.js";
import { IGNORE, type Sample } from "../../src/datasets/dataset.js";
import { createLoader } from "../../src/datasets/loader.js";
import { mirrored } from "../../src/datasets/mirror.js";
import { tinyDataset } from "../train/tiny.js";

/** Vertical bands whose colour tells their class. */
function bands(): Sample {
  const [width, height] = [60, 40];
  const label = Uint8Array.from({ length: width * height }, (_, i) =>
    i % width > 55 ? IGNORE : Math.floor((i % width) / 14),
  );
  const image = new Uint8Array(width * height * 3);
  label.forEach((id, i) => {
    image.fill(id === IGNORE ? 250 : id * 40 + 20, i * 3, i * 3 + 3);
  });
  return { name: "bands", width, height, image, label };
}

const options = (some: object) => augmentSchema.parse(some);
const agreement = ({ image, label }: Sample): number => {
  let equal = 0;
  (label as Uint8Array).forEach((id, i) => {
    const wanted = id === IGNORE ? 250 : id * 40 + 20;
    if (Math.abs((image[i * 3] as number) - wanted) < 12) equal++;
  });
  return equal / (label as Uint8Array).length;
};

describe("augmentation", () => {
  it("does nothing by default", async () => {
    expect(await augmenting(options({}), 1)(bands(), 0)).toEqual(bands());
  });

  it("mirrors a sample left to right, with its label if it has one", () => {
    const [width, height] = [3, 2];
    const image = Uint8Array.from({ length: 18 }, (_, i) => i);
    const label = Uint8Array.of(0, 1, 2, 3, 4, 5);
    const sample = { name: "a", width, height, image };
    const turned = Uint8Array.of(6, 7, 8, 3, 4, 5, 0, 1, 2, 15, 16, 17, 12, 13, 14, 9, 10, 11);
    expect(mirrored(sample)).toEqual({ ...sample, image: turned });
    const both = { ...sample, image: turned, label: Uint8Array.of(2, 1, 0, 5, 4, 3) };
    expect(mirrored({ ...sample, label })).toEqual(both);
  });

  it("mirrors half of the images, with their labels", async () => {
    const augment = augmenting(options({ flip: true }), 1);
    let mirrored = 0;
    for (let k = 0; k < 200; k++) {
      const result = await augment(bands(), k);
      expect(agreement(result)).toBe(1);
      if ((result.label as Uint8Array)[0] === IGNORE) mirrored++;
    }
    expect(mirrored).toBeGreaterThan(70);
    expect(mirrored).toBeLessThan(130);
  });

  it("enlarges a crop about its centre, as its label", async () => {
    const [width, height] = [60, 40];
    const label = Uint8Array.from({ length: width * height }, (_, i) => i % width);
    const image = Uint8Array.from(
      { length: label.length * 3 },
      (_, i) => (Math.floor(i / 3) % width) * 4,
    );
    const augment = augmenting(options({ crop: 0.5 }), 1);
    for (let k = 0; k < 5; k++) {
      const found = await augment({ name: "ramp", width, height, image, label }, k);
      let [sum, count] = [0, 0];
      for (let i = 20 * width + 10; i < 20 * width + 50; i++, count++)
        sum += (found.image[i * 3] as number) / 4 - (found.label?.[i] as number);
      expect(Math.abs(sum / count)).toBeLessThan(0.1); // libvips: 0.25 to 0.5
    }
  });

  it("crops and enlarges image and label alike", async () => {
    const augment = augmenting(options({ crop: 0.4 }), 1);
    const seen = new Set<string>();
    for (let k = 0; k < 30; k++) {
      const result = await augment(bands(), k);
      expect(result.image.length).toBe(60 * 40 * 3);
      expect(agreement(result)).toBeGreaterThan(0.85); // but for the smooth borders of the bands
      seen.add(String(result.label?.subarray(0, 60)));
    }
    expect(seen.size).toBeGreaterThan(15);
  });

  it("changes colours but not labels, within the limits", async () => {
    const augment = augmenting(options({ jitter: 0.3 }), 1);
    for (let k = 0; k < 20; k++) {
      const result = await augment(bands(), k);
      expect(result.label).toEqual(bands().label);
      const mean = (s: Sample) => s.image.reduce((sum, v) => sum + v, 0) / s.image.length;
      expect(mean(result) / mean(bands())).toBeGreaterThan(0.68);
      expect(mean(result) / mean(bands())).toBeLessThan(1.32);
    }
  });

  it("blurs", async () => {
    const augment = augmenting(options({ blur: 3 }), 1);
    const rough = (s: Sample) =>
      s.image.reduce((sum, v, i) => sum + Math.abs(v - (s.image[i - 3] ?? v)), 0);
    const results = await Promise.all([0, 1, 2, 3, 4, 5].map((k) => augment(bands(), k)));
    expect(Math.min(...results.map(rough))).toBeLessThan(rough(bands()));
    for (const { label } of results) expect(label).toEqual(bands().label);
  });

  it("depends on the seed and the position in the stream", async () => {
    const all = options({ flip: true, crop: 0.5, jitter: 0.3, blur: 1 });
    const one = await augmenting(all, 1)(bands(), 3);
    expect(await augmenting(all, 1)(bands(), 3)).toEqual(one);
    expect((await augmenting(all, 1)(bands(), 4)).image).not.toEqual(one.image);
    expect((await augmenting(all, 2)(bands(), 3)).image).not.toEqual(one.image);
  });

  it("does not change how an interrupted stream resumes", async () => {
    const transform = augmenting(options({ flip: true, crop: 0.5, jitter: 0.3 }), 1);
    const size = { width: 48, height: 32 };
    const load = (start: number) =>
      createLoader(tinyDataset(3), { batch: 1, size, seed: 1, start, transform });
    const whole = load(0);
    for (let k = 0; k < 5; k++) await whole.next();
    const resumed = load(5);
    expect(await resumed.next()).toEqual(await whole.next());
    whole.close();
    resumed.close();
  });
});
