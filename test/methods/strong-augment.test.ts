import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { INPUT_FORMATS } from "../../src/datasets/input-format.js";
import { blurred, recolored, strongly } from "../../src/methods/step/strong-augment.js";
import { dispose, manualSeed, rand, scope, type Tensor, tensor } from "../../src/torch/index.js";
import { PYTHON, pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";

const script = fileURLToPath(new URL("recolored.py", import.meta.url));

const nested = (image: Tensor): unknown =>
  image.shape.length === 0
    ? image.item()
    : Array.from({ length: image.size(0) }, (_, i) => nested(image.select(0, i)));

/** Brightness, contrast, saturation and hue of one image each. */
const CHANGES = [
  [1, 1, 1, 0],
  [1.4, 0.7, 1.6, 0.13],
  [0.6, 1.5, 0, -0.4],
  [1.1, 1, 1.3, 0.5],
];

test(
  "colours change as in colorsys, blurs are Gaussian",
  skipUnless(pythonHas("numpy"), "numpy"),
  () => {
    manualSeed(5);
    const deviations = [0.5, 1.15];
    const [found, smooth, expected] = scope(() => {
      const pixels = rand([4, 3, 7, 9]);
      pixels.select(0, 1).slice(1, 0, 2).fillInPlace(0.4); // grey has no hue
      pixels.select(0, 3).slice(1, 0, 2).fillInPlace(0); // nor has black
      const column = (i: number) =>
        tensor(
          Float32Array.from(CHANGES, (row) => row[i] as number),
          [4, 1, 1, 1],
        );
      const [brightness, contrast, saturation, hue] = [0, 1, 2, 3].map(column) as [
        Tensor,
        Tensor,
        Tensor,
        Tensor,
      ];
      const { stdout, stderr } = spawnSync(PYTHON, [script], {
        input: JSON.stringify({ pixels: nested(pixels), changes: CHANGES, deviations }),
        encoding: "utf8",
      });
      expect(stderr).toBe("");
      return [
        recolored(pixels, { brightness, contrast, saturation, hue }).numbers(),
        deviations.map((deviation) => blurred(pixels.slice(0, 0, 1), deviation).numbers()),
        JSON.parse(stdout) as { recolored: number[][][][]; blurred: number[][][][] },
      ];
    });
    const colors = expected.recolored.flat(3);
    expect(found).toHaveLength(colors.length);
    for (const [i, value] of found.entries()) expect(value).toBeCloseTo(colors[i] as number, 5);
    const soft = expected.blurred.flat(3);
    for (const [i, value] of smooth.flat().entries())
      expect(value).toBeCloseTo(soft[i] as number, 5);
  },
);

const NONE = { jitter: 0, hue: 0, grey: 0, blur: 0 };
const caffe = INPUT_FORMATS.caffe;

/** Normalised images of random pixels. */
function images(format = caffe) {
  manualSeed(2);
  return scope(() => {
    const mean = tensor(Float32Array.from(format.mean), [1, 3, 1, 1]);
    return rand([40, 3, 8, 16]).mul(255).sub(mean).mul(format.scale);
  });
}

/** The largest change in each image. */
function changes(before: Tensor, after: Tensor): number[] {
  return scope(() => after.sub(before).abs().reshape(before.size(0), -1).amax(1).numbers());
}

test.each(Object.entries(INPUT_FORMATS))(
  "in the format %s: nothing asked for changes nothing, and pixels stay within their range",
  (_, format) => {
    const before = images(format);
    const same = strongly(before, format, NONE);
    const unit = 255 * format.scale;
    for (const change of changes(before, same)) expect(change / unit).toBeLessThan(1e-5);
    const after = strongly(before, format, { jitter: 1, hue: 0.5, grey: 0.5, blur: 3 });
    const bounds = format.mean.map((mean) => [-mean * format.scale, (255 - mean) * format.scale]);
    for (const [c, [least, most]] of bounds.entries()) {
      const channel = scope(() => after.select(1, c).numbers());
      expect(Math.min(...channel)).toBeGreaterThan((least as number) - 1e-4 * unit);
      expect(Math.max(...channel)).toBeLessThan((most as number) + 1e-4 * unit);
    }
    dispose([before, same, after]);
  },
);

test("each image has its own random numbers, from the generator whose state is in checkpoints", () => {
  const before = images();
  const touched = (options: object) => {
    manualSeed(9);
    const after = strongly(before, caffe, { ...NONE, ...options });
    const found = changes(before, after);
    dispose([after]);
    return found;
  };
  const count = (values: number[]) => values.filter((value) => value > 0.01).length;
  const jittered = touched({ jitter: 0.3 });
  expect(touched({ jitter: 0.3 })).toEqual(jittered);
  expect(new Set(jittered.map((value) => value.toFixed(3))).size).toBeGreaterThan(20);
  // Of 40 images: 0.8, 0.5 and 0.25 of them, within three standard deviations.
  expect(Math.abs(count(jittered) - 32)).toBeLessThan(8);
  expect(Math.abs(count(touched({ blur: 2 })) - 20)).toBeLessThan(10);
  expect(Math.abs(count(touched({ grey: 0.25 })) - 10)).toBeLessThan(9);
  dispose([before]);
});

test("a grey image is grey in the network's order of channels", () => {
  const before = images();
  const after = strongly(before, caffe, { ...NONE, grey: 1 });
  scope(() => {
    const pixels = (x: Tensor) => x.add(tensor(Float32Array.from(caffe.mean), [1, 3, 1, 1]));
    const [b, g, r] = [0, 1, 2].map((c) => pixels(before).select(1, c)) as [Tensor, Tensor, Tensor];
    const luma = r.mul(0.299).add(g.mul(0.587)).add(b.mul(0.114)).numbers();
    for (const c of [0, 1, 2]) {
      const channel = pixels(after).select(1, c).numbers();
      for (const [i, value] of channel.entries()) expect(value).toBeCloseTo(luma[i] as number, 2);
    }
  });
  dispose([before, after]);
});
