import { describe, expect, test } from "vitest";
import { deeplabV2, type Network, PROJECTION_HEADS } from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import { dispose, noGrad, randn, scope, type Tensor } from "../../src/torch/index.js";

function using<T>(
  options: Partial<Parameters<typeof deeplabV2>[0]>,
  use: (network: Network) => T,
): T {
  const network = deeplabV2({
    ...{ backbone: "resnet18", classes: 5, head: "linear", width: 0.125, init: heInit },
    ...options,
  });
  try {
    return scope(() => use(network));
  } finally {
    dispose(network.parameters.all);
  }
}

const RESNETS = ["resnet18", "resnet34", "resnet50", "resnet101"] as const;

describe.each(RESNETS)("%s", (backbone) => {
  test("predicts at an eighth of the input, by both heads, with features of its last stage", () => {
    using({ backbone }, (network) => {
      const { main, aux, features } = network.forward(randn([2, 3, 64, 96]), true);
      const [height, width] = [features.size(2), features.size(3)];
      expect([height, width]).toEqual([9, 13]); // ceil mode: one more than 8 x 12
      expect(main.shape).toEqual([2, 5, height, width]);
      expect(aux.shape).toEqual([2, 5, height, width]);
      expect(features.shape).toEqual([2, network.featureSize, height, width]);
      const blocks = backbone === "resnet18" || backbone === "resnet34" ? 512 : 2048;
      expect(network.featureSize).toBe(blocks / 8);
    });
  });
});

test.each(PROJECTION_HEADS)("projection %s keeps the shape of the features", (head) => {
  using({ head }, (network) => {
    const x = randn([2, network.featureSize, 3, 4]);
    expect(network.project(x, true).shape).toEqual(x.shape);
    expect([...network.parameters.all.keys()].some((name) => name.startsWith("head."))).toBe(
      head !== "none",
    );
  });
});

test("training moves the running statistics, inference does not; their affine part is frozen", () => {
  using({}, (network) => {
    const mean = network.parameters.all.get("bn1.running_mean") as Tensor;
    const images = randn([2, 3, 32, 32]);
    const before = mean.numbers();
    noGrad(() => network.forward(images, false));
    expect(mean.numbers()).toEqual(before);
    noGrad(() => network.forward(images, true));
    expect(mean.numbers()).not.toEqual(before);
    expect(
      [...network.parameters.trainable.keys()].filter((name) => /(^|\.)bn/.test(name)),
    ).toEqual([]);
  });
});
