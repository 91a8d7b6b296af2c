import { describe, expect, it } from "vitest";
import type { Dataset, Sample } from "../../src/datasets/dataset.js";
import { adain } from "../../src/style/adain.js";
import { average, bytesOf, pixelsOf, restyle } from "../../src/style/style.js";
import { STYLES, styleOf } from "../../src/style/styles.js";
import { createStylist, type Stylist } from "../../src/style/stylist.js";
import { freshCoder } from "../../src/style/train-coder.js";
import {
  liveMemory,
  manualSeed,
  noGrad,
  type Precision,
  randn,
  scope,
  type Tensor,
} from "../../src/torch/index.js";

/** An image [3, height, width] with structure and noise; its channels differ in mean and deviation. */
function picture(seed: number, height = 48, width = 64): Tensor {
  manualSeed(seed);
  const spread = randn([3, 1, 1]).mul(0.03).add(0.1);
  const wave = randn([3, 8, 8]).unsqueeze(0);
  const coarse = randn([1]).mul(0.02).add(0.45);
  const detail = randn([3, height, width]).mul(0.3);
  const large = wave.reshape(3, 8, 1, 8, 1).expand(3, 8, height / 8, 8, width / 8);
  return large.reshape(3, height, width).add(detail).mul(spread).add(coarse).clamp(0.02, 0.98);
}

const relative = (a: Tensor, b: Tensor) => a.sub(b).norm().div(b.norm()).item();
const beta = 0.05;

describe.each(STYLES)("%s", (name) => {
  const style = styleOf(name, { beta });

  it("hardly changes an image that is its own style", () => {
    scope(() => {
      const content = picture(1, 256, 256); // the size at which spectra are compared
      const result = style.apply(content, style.statistics(content), 1);
      expect(result.shape).toEqual(content.shape);
      expect(result.sub(content).abs().mean().item()).toBeLessThan(
        name === "histogram" ? 0.004 : 1e-4,
      );
    });
  });

  it("transfers the statistics of the style", () => {
    scope(() => {
      const [content, other] = [picture(1), picture(2)];
      const result = style.apply(content, style.statistics(other), 1);
      const mean = (x: Tensor) => x.mean([1, 2]);
      expect(relative(mean(result), mean(other))).toBeLessThan(0.01);
      expect(relative(mean(content), mean(other))).toBeGreaterThan(0.02);
      if (name === "fourier") return;
      const spread = (x: Tensor) => x.variance([1, 2]).sqrt();
      expect(relative(spread(result), spread(other))).toBeLessThan(0.02);
    });
  });

  it("returns the content at alpha 0, and the mean of content and result at 0.5", () => {
    scope(() => {
      const [content, other] = [picture(1), picture(2)];
      const statistics = style.statistics(other);
      expect(relative(style.apply(content, statistics, 0), content)).toBeLessThan(1e-6);
      const whole = style.apply(content, statistics, 1);
      const half = style.apply(content, statistics, 0.5);
      expect(relative(half, content.add(whole).mul(0.5))).toBeLessThan(1e-5);
    });
  });

  it("stays finite for grey images and images without contrast", () => {
    scope(() => {
      const flat = picture(1).mul(0).add(0.5);
      const grey = picture(1).mean([0], true).expand(3, 48, 64).contiguous();
      for (const content of [flat, grey]) {
        for (const other of [flat, grey, picture(2)]) {
          const result = style.apply(content, style.statistics(other), 1);
          expect(result.isFinite().not().sum().item()).toBe(0);
        }
      }
    });
  });
});

it("coral transfers the correlations of the channels", () => {
  scope(() => {
    const mixed = (x: Tensor) => {
      const [r, g, b] = [0, 1, 2].map((c) => x.slice(0, c, c + 1)) as [Tensor, Tensor, Tensor];
      return r
        .add(g)
        .mul(0.5)
        .sub(b.mul(0.2))
        .add(b.mul(0))
        .expand(3, 48, 64)
        .mul(0.7)
        .add(x.mul(0.3));
    };
    const correlation = (x: Tensor) => {
      const flat = x.reshape(3, -1);
      const normal = flat.sub(flat.mean(1, true)).div(flat.variance(1, 1, true).sqrt());
      return normal.matmul(normal.transpose(0, 1)).div(flat.size(1));
    };
    const [content, other] = [picture(1), mixed(picture(2))];
    const coral = styleOf("coral", { beta });
    const result = coral.apply(content, coral.statistics(other), 1);
    expect(relative(correlation(content), correlation(other))).toBeGreaterThan(0.2);
    expect(relative(correlation(result), correlation(other))).toBeLessThan(0.01);
  });
});

it("fourier keeps the high frequencies", () => {
  scope(() => {
    const [content, other] = [picture(1), picture(2)];
    const style = styleOf("fourier", { beta: 0.01 }); // only the mean, at this size
    const result = style.apply(content, style.statistics(other), 1);
    const around = (x: Tensor) => x.sub(x.mean([1, 2], true));
    expect(relative(around(result), around(content))).toBeLessThan(1e-4);
  });
});

it("converts bytes to pixels and back without change, and clamps", () => {
  scope(() => {
    const image = Uint8Array.from({ length: 2 * 3 * 3 }, (_, i) => i * 15);
    const sample = { name: "a", width: 3, height: 2, image };
    expect(bytesOf(pixelsOf(sample))).toEqual(image);
    expect(new Set(bytesOf(pixelsOf(sample).mul(0).sub(1)))).toEqual(new Set([0]));
    expect(new Set(bytesOf(pixelsOf(sample).mul(0).add(2)))).toEqual(new Set([255]));
  });
});

it("averages statistics element by element", () => {
  scope(() => {
    const [a, b] = [picture(1), picture(2)];
    const [mean] = average([[a], [b]]);
    expect(relative(mean as Tensor, a.add(b).div(2))).toBeLessThan(1e-6);
  });
});

describe("adain with an untrained coder that preserves images", () => {
  it("gives the same image in bfloat16, within one of 255 on average", () => {
    manualSeed(3);
    const coder = freshCoder(0.25);
    const [content, other] = [picture(1, 128, 128), picture(2, 128, 128)];
    const made = (precision: Precision) => {
      const style = adain(coder, { precision });
      return noGrad(() => bytesOf(style.apply(content, style.statistics(other), 1)));
    };
    const [exact, quick] = [made("float32"), made("bfloat16")];
    const apart = exact.map((value, i) => Math.abs(value - (quick[i] as number)));
    const mean = apart.reduce((sum, one) => sum + one, 0) / apart.length;
    expect(new Set(exact).size).toBeGreaterThan(50); // not a uniform image
    expect(mean).toBeGreaterThan(0); // bfloat16 was used
    expect(mean).toBeLessThan(1);

    for (const parameter of coder.parameters.all.values()) parameter.dispose();
  });
});

describe("a stylist", () => {
  const size = { width: 64, height: 48 };
  const sample = (seed: number): Sample => ({
    ...size,
    name: `${seed}`,
    image: scope(() => bytesOf(picture(seed))),
    label: new Uint8Array(64 * 48).fill(seed),
  });
  let loads = 0;
  const styles: Dataset = {
    ...{ name: "styles", classes: { names: [], colors: [] }, labelled: false },
    names: ["2", "3", "4"],
    load: async (index) => {
      loads++;
      return sample(index + 2);
    },
  };
  const options = { alpha: 1, images: 1, size, seed: 7 };
  const color = styleOf("color", { beta });

  it("gives the same image for the same key, others for others, and reads each style once", async () => {
    loads = 0;
    const stylist = createStylist(color, styles, options);
    const results = [];
    for (let key = 0; key < 12; key++) results.push((await stylist(sample(1), key)).image);
    expect((await stylist(sample(1), 5)).image).toEqual(results[5]);
    const wanted = [2, 3, 4].map((seed) =>
      scope(() => restyle(color, sample(1), color.statistics(pixelsOf(sample(seed))), 1)),
    );
    const seen = results.map((image) =>
      wanted.findIndex((w) => Buffer.compare(w.image, image) === 0),
    );
    expect(new Set(seen)).toEqual(new Set([0, 1, 2]));
    expect(loads).toBe(3);
    stylist.dispose();
  });

  it("caches statistics up to its budget, and leaks none of the others", async () => {
    const before = liveMemory().tensors;
    const stylists = [0, 2 ** 20].map((cacheBytes) =>
      createStylist(styleOf("fourier", { beta }), styles, { ...options, images: 2, cacheBytes }),
    );
    const [without, one] = stylists as [Stylist, Stylist];
    for (let key = 0; key < 6; key++) {
      expect((await one(sample(1), key)).image).toEqual((await without(sample(1), key)).image);
    }
    expect(liveMemory().tensors - before).toBe(1); // 768 KiB
    for (const stylist of stylists) stylist.dispose();
    expect(liveMemory().tensors).toBe(before);
  });

  it("keeps the label map and leaks no tensors", async () => {
    const before = liveMemory().tensors;
    const stylist = createStylist(color, styles, { ...options, images: 4 });
    const result = await stylist(sample(1), 0);
    expect(result.label).toEqual(sample(1).label);
    stylist.dispose();
    expect(liveMemory().tensors).toBe(before);
  });
});

it.each([0.25, 0.5])("fourier with beta %d exchanges at most what both spectra have", (wide) => {
  scope(() => {
    const style = styleOf("fourier", { beta: wide });
    const statistics = style.statistics(picture(1));
    for (const [height, width] of [
      [64, 128],
      [512, 520],
      [520, 536],
      [48, 64],
    ] as const) {
      const result = style.apply(picture(2, height, width), statistics, 1);
      expect([result.shape, result.isFinite().not().sum().item()]).toEqual([[3, height, width], 0]);
    }
  });
});
