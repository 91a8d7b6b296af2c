import { describe, expect, test } from "vitest";
import { deeplabV2, type Network, PROJECTION_HEADS } from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import {
  cat,
  copyInto,
  dispose,
  noGrad,
  randn,
  scope,
  type Tensor,
  type TensorMap,
} from "../../src/torch/index.js";
import { relativeError } from "../golden/relative-error.js";
import { expectBackboneLikePyTorch, needsPyTorch } from "./oracle.js";

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
  test("predicts at an eighth of the input size with both heads, and returns the last stage's features", () => {
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

describe("v1.5 equals PyTorch's", needsPyTorch, () => {
  test.each([
    ["resnet50-v1.5", "3,4,6,3", 8, 64, 96],
    ["resnet50-v1.5", "3,4,6,3", 16, 61, 90],
    ["resnet101-v1.5", "3,4,23,3", 8, 45, 32],
  ] as const)(
    "%s (%s) at output stride %i of a %i x %i image",
    (name, blocks, outputStride, h, w) => {
      expectBackboneLikePyTorch(name, "resnet_v15.py", [blocks, "16", `${outputStride}`], {
        ...{ width: 0.25, outputStride, image: [2, 3, h, w] },
      });
    },
  );
});

test.each(["resnet50", "resnet50-v1.5", "mobilenetv2"] as const)(
  "%s sees at output stride 16 every other pixel of what it sees at 8",
  (backbone) => {
    using({ backbone }, (fine) =>
      using({ backbone, outputStride: 16 }, (coarse) => {
        copyAll(fine.parameters.all, coarse.parameters.all);
        const images = randn([1, 3, 125, 189]);
        const [a, b] = noGrad(() => [fine.forward(images, false), coarse.forward(images, false)]);
        const [h, w] = [b.features.size(2), b.features.size(3)];
        const rows = Array.from({ length: h }, (_, i) => a.features.slice(2, 2 * i, 2 * i + 1));
        const even = cat(rows, 2);
        const columns = Array.from({ length: w }, (_, i) => even.slice(3, 2 * i, 2 * i + 1));
        expect(relativeError(cat(columns, 3), b.features.numbers())).toBeLessThan(1e-6);
      }),
    );
  },
);

function copyAll(from: TensorMap, to: TensorMap): void {
  noGrad(() => {
    for (const [name, tensor] of to) copyInto(tensor, from.get(name) as Tensor);
  });
}

test.each(PROJECTION_HEADS)("projection %s keeps the shape of the features", (head) => {
  using({ head }, (network) => {
    const x = randn([2, network.featureSize, 3, 4]);
    expect(network.project(x, true).shape).toEqual(x.shape);
    expect([...network.parameters.all.keys()].some((name) => name.startsWith("head."))).toBe(
      head !== "none",
    );
  });
});

test("training updates the running statistics, inference does not; scale and shift are frozen", () => {
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
