import { describe, expect, it } from "vitest";
import { adain, adaptiveNorm, channelStatistics } from "../../src/style/adain.js";
import { inStrips } from "../../src/style/strips.js";
import { freshCoder } from "../../src/style/train-coder.js";
import { manualSeed, maxPool2d, noGrad, rand, scope } from "../../src/torch/index.js";
import { relativeError } from "../golden/relative-error.js";

describe("strips", () => {
  it.each([16, 17, 31, 33, 64, 65])("pool %i rows like one call", (height) => {
    scope(() => {
      const x = rand([1, 2, height, 5]);
      const pool = (rows: typeof x) => maxPool2d(rows, 2, { ceilMode: true });
      const made = inStrips(pool, { rows: 16, halo: 0, scale: 1 / 2 })(x);
      expect(made.shape).toEqual(pool(x).shape);
      expect(relativeError(made, pool(x).typed() as Float32Array)).toBe(0);
    });
  });

  // 301 rows: five strips in the encoder and, of 151 rows at half the resolution, five in the decoder.
  it.each([64, 65, 301])("restyle an image of %i rows like AdaIN without strips", (height) => {
    manualSeed(3);
    noGrad(() =>
      scope(() => {
        const coder = freshCoder(0.06);
        const [content, style] = [rand([3, height, 37]), rand([3, 40, 40])];
        const look = adain(coder);
        const made = look.apply(content, look.statistics(style), 1);
        const [mean, deviation] = channelStatistics(coder.encode(style.unsqueeze(0))[3]);
        const moved = adaptiveNorm(coder.encode(content.unsqueeze(0))[3], mean, deviation);
        const whole = coder.decode(moved).squeeze(0).slice(1, 0, height).slice(2, 0, 37);
        expect(made.shape).toEqual([3, height, 37]);
        expect(
          relativeError(made, whole.clone().contiguous().typed() as Float32Array),
        ).toBeLessThan(1e-5);
      }),
    );
  });
});
