import { afterAll, describe, expect, it } from "vitest";
import { adain, adainLosses, adaptiveNorm, channelStatistics } from "../../src/style/adain.js";
import { createCoder } from "../../src/style/coder.js";
import { coral } from "../../src/style/coral.js";
import { copyInto, dispose, noGrad, scope, type Tensor, tensor } from "../../src/torch/index.js";
import { type GoldenTensor, goldenParameter, readGolden } from "../golden/golden.js";
import { relativeError } from "../golden/relative-error.js";

// Recorded from the published implementation of AdaIN.
describe("AdaIN equals the reference", () => {
  const golden = readGolden("adain.safetensors");
  const values = (name: string) => golden.get(name)?.data as Float32Array;
  const load = (name: string): Tensor => {
    const { data, shape } = golden.get(name) as GoldenTensor;
    return tensor(data, shape);
  };
  const coder = createCoder();
  noGrad(() => {
    for (const [name, parameter] of coder.parameters.all) {
      const value = goldenParameter(name, parameter.shape) as Float32Array;
      scope(() => copyInto(parameter, tensor(value, parameter.shape)));
    }
  });
  for (const [name, parameter] of coder.parameters.all) {
    parameter.requiresGrad = name.startsWith("decoder.");
  }
  afterAll(() => dispose(coder.parameters.all));

  it("in features, before and after the exchange of statistics", () => {
    scope(() => {
      const content = coder.encode(load("content"))[3];
      const style = coder.encode(load("style"))[3];
      expect(relativeError(content, values("content_features"))).toBeLessThan(1e-3);
      expect(relativeError(style, values("style_features"))).toBeLessThan(1e-3);
      const moved = adaptiveNorm(content, ...channelStatistics(style));
      expect(relativeError(moved, values("adain_features"))).toBeLessThan(1e-3);
    });
  });

  it.each([
    [1, "decoded"],
    [0.5, "decoded_alpha_0.5"],
  ])("in the image at alpha %d", (alpha, name) => {
    noGrad(() =>
      scope(() => {
        const style = adain(coder);
        const statistics = style.statistics(load("style").squeeze(0));
        const picture = style.apply(load("content").squeeze(0), statistics, alpha);
        expect(picture.shape).toEqual([3, 64, 80]);
        expect(relativeError(picture, values(name))).toBeLessThan(1e-3);
      }),
    );
  });

  it("in losses and gradients of the decoder", () => {
    scope(() => {
      const losses = adainLosses(coder, load("content"), load("style"));
      expect(
        Math.abs(losses.content.item() / (values("loss.content")[0] as number) - 1),
      ).toBeLessThan(1e-4);
      expect(Math.abs(losses.style.item() / (values("loss.style")[0] as number) - 1)).toBeLessThan(
        1e-4,
      );
      losses.content.add(losses.style.mul(10)).backward();
      const gradient = (name: string) => coder.parameters.all.get(name)?.grad as Tensor;
      const first = gradient("decoder.1.weight").reshape(-1).slice(0, 0, 50000);
      expect(relativeError(first, values("grad.decoder.1.weight_head"))).toBeLessThan(1e-3);
      expect(
        relativeError(gradient("decoder.28.bias"), values("grad.decoder.28.bias")),
      ).toBeLessThan(1e-3);
    });
  });

  it("in colours transferred from one image to another", () => {
    scope(() => {
      const [content, style] = [load("content").squeeze(0), load("style").squeeze(0)];
      const recolored = coral.apply(style, coral.statistics(content), 1);
      expect(relativeError(recolored, values("coral"))).toBeLessThan(1e-3);
    });
  });
});
