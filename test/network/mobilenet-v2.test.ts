import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { deeplabV2 } from "../../src/network/index.js";
import { copyInto, dispose, noGrad, readTensors, type Tensor } from "../../src/torch/index.js";
import { startFrom } from "../../src/train/index.js";
import { skipUnless } from "../skip.js";
import { expectBackboneLikePyTorch, needsPyTorch } from "./oracle.js";

const published = fileURLToPath(
  new URL("../../../shared/data/mobilenet_v2/imagenet.safetensors", import.meta.url),
);
const needsWeights = skipUnless(existsSync(published), "mobilenet");

function takePublished(parameters: ReadonlyMap<string, Tensor>): void {
  const { tensors } = readTensors(published);
  noGrad(() => {
    for (const [name, tensor] of parameters) copyInto(tensor, tensors.get(name) as Tensor);
  });
  dispose(tensors);
}

describe("MobileNetV2 equals PyTorch's", needsPyTorch, () => {
  test.each([
    [8, 1, 64, 96],
    [16, 1, 64, 96],
    [8, 0.35, 45, 70], // channels are rounded to multiples of 8, odd sizes up
    [16, 1.4, 51, 33],
  ] as const)(
    "at output stride %i and width %f of a %i x %i image",
    (outputStride, width, h, w) => {
      expectBackboneLikePyTorch("mobilenetv2", "mobilenet_v2.py", [`${width}`, `${outputStride}`], {
        ...{ width, outputStride, image: [2, 3, h, w] },
      });
    },
  );

  test.each([8, 16] as const)(
    "with ImageNet's weights at output stride %i",
    needsWeights,
    (outputStride) => {
      expectBackboneLikePyTorch("mobilenetv2", "mobilenet_v2.py", ["1", `${outputStride}`], {
        ...{ width: 1, outputStride, image: [2, 3, 64, 128], weights: takePublished },
      });
    },
  );
});

test("starts from ImageNet's weights", needsWeights, () => {
  const network = deeplabV2({ backbone: "mobilenetv2", classes: 6, head: "none" });
  expect(startFrom(published, network)).toMatch(
    /: 255 tensors; initialised: layer5, layer6; not used: features\.18 of the file$/,
  );
  dispose(network.parameters.all);
});

test("trains scale and shift, and expects torchvision's pixels by default", () => {
  const options = { backbone: "mobilenetv2", classes: 5, head: "none", width: 0.25 } as const;
  const [network, other] = [deeplabV2(options), deeplabV2({ ...options, input: "tensorflow" })];
  expect([...network.parts.backbone.trainable.keys()]).toContain("features.7.conv.1.1.weight");
  expect(network.input).toEqual({
    order: "rgb",
    mean: [123.675, 116.28, 103.53],
    scale: 1 / 57.63,
  });
  expect(other.input).toEqual({ order: "rgb", mean: [127.5, 127.5, 127.5], scale: 1 / 127.5 });
  dispose([network.parameters.all, other.parameters.all]);
});
