import { describe, expect, test } from "vitest";
import { createNetwork, decoders } from "../../src/network/index.js";
import { createParameters, union } from "../../src/nn/index.js";
import { dispose, randn, scope } from "../../src/torch/index.js";
import { expectLikePyTorch, needsPyTorch, randomise } from "./oracle.js";

const decoder = decoders["deeplab-v3plus"];

describe("DeepLab-v3+ equals PyTorch's", needsPyTorch, () => {
  test.each([
    [8, 1, 256, 48, "12,24,36", [17, 25], [33, 49]],
    [16, 0.25, 64, 16, "6,12,18", [8, 12], [32, 48]],
  ] as const)(
    "at output stride %i and width %f",
    (outputStride, width, own, reduced, rates, small, large) => {
      const channels = { low: 24, aux: 20, main: 32 };
      const parts = {
        aux: createParameters("cpu", decoder.scopes.aux),
        main: createParameters("cpu", decoder.scopes.main),
      };
      const { forward } = decoder.create(parts, { channels, outputStride, classes: 5, width });
      const parameters = union([parts.aux, parts.main]).all;
      randomise(parameters);
      scope(() => {
        const features = {
          low: randn([2, channels.low, ...large]),
          aux: randn([2, channels.aux, ...small]),
          main: randn([2, channels.main, ...small]),
        };
        const sizes = [...Object.values(channels), own, reduced, 5].map(String);
        expectLikePyTorch("deeplab_v3plus.py", [...sizes, rates], {
          ...{ parameters, inputs: Object.values(features) },
          forward: (training) => ({ ...forward(features, training) }),
        });
      });
      dispose(parameters);
    },
  );
});

test("a narrow network keeps a decoder of 64 channels", () => {
  const options = { backbone: "mobilenetv2", decoder: "deeplab-v3plus", head: "none" } as const;
  const sizes = [0.125, 0.5, 1].map((width) => {
    const network = createNetwork({ ...options, classes: 3, width });
    dispose(network.parameters.all);
    return network.featureSize;
  });
  expect(sizes).toEqual([64, 128, 256]);
});
