import { expect, test } from "vitest";
import { atrousPyramid, RATES } from "../../src/network/atrous-pyramid.js";
import { createParameters, normalInit } from "../../src/nn/index.js";
import { conv2d, dispose, gradients, randn, scope, type Tensor } from "../../src/torch/index.js";
import { relativeError } from "../golden/relative-error.js";

test.each([
  [1, 31, 9, RATES],
  [2, 7, 50, RATES],
  [2, 7, 50, [6, 12]],
  [1, 31, 9, [5]],
])("equals dilated convolutions, gradients included: %i x %i x %i, %j", (n, h, w, rates) => {
  const parameters = createParameters();
  const pyramid = atrousPyramid(parameters, 8, 5, normalInit(0.1), rates);
  const at = (name: string) => parameters.all.get(name) as Tensor;
  scope(() => {
    for (const i of rates.keys()) at(`conv2d_list.${i}.bias`).detach().normalInPlace();
    const x = randn([n, 8, h, w]);
    x.requiresGrad = true;
    const plain = rates
      .map((rate, i) => {
        const [weight, bias] = [at(`conv2d_list.${i}.weight`), at(`conv2d_list.${i}.bias`)];
        return conv2d(x, weight, bias, { padding: rate, dilation: rate });
      })
      .reduce((sum, branch) => sum.add(branch));
    expect(relativeError(pyramid(x, false), plain.numbers())).toBeLessThan(1e-6);
    const fast = pyramid(x, true);
    expect(relativeError(fast, plain.numbers())).toBeLessThan(1e-5);
    const gradient = randn(plain.shape);
    const inputs = [x, ...parameters.trainable.values()];
    const slopes = (y: Tensor) =>
      gradients([y], inputs, { gradOutputs: [gradient] }) as readonly Tensor[];
    const expected = slopes(plain);
    slopes(fast).forEach((slope, i) => {
      expect(relativeError(slope, (expected[i] as Tensor).numbers())).toBeLessThan(1e-4);
    });
  });
  dispose(parameters.all);
});
