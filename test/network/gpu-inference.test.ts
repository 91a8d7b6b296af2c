// The form of a compiled network for GPUs, which runs here on the CPU.
import { describe, expect, test, vi } from "vitest";
import {
  type BackboneName,
  compileNetwork,
  createNetwork,
  type DecoderName,
} from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import {
  autocast,
  dispose,
  listening,
  liveMemory,
  manualSeed,
  noGrad,
  randn,
  scope,
} from "../../src/torch/index.js";
import { relativeError } from "../golden/relative-error.js";

vi.mock("../../src/torch/device.js", async (original) => ({
  ...(await original<typeof import("../../src/torch/device.js")>()),
  isGpu: () => true,
  storesChannelsLast: () => true,
}));

describe("compiled for predicting on a GPU", () => {
  test.each<[BackboneName, DecoderName, boolean]>([
    ["resnet18", "deeplab-v2", true],
    ["resnet50", "deeplab-v2", true],
    ["mobilenetv2", "deeplab-v2", true],
    ["resnet18", "deeplab-v3plus", false], // its pooling depends on the size
  ])("%s under %s", (backbone, decoder, isFolded) => {
    manualSeed(4);
    const options = { backbone, decoder, width: 0.25, classes: 5, head: "none" } as const;
    const net = createNetwork({ ...options, init: heInit });
    const before = liveMemory().tensors;
    const [float32, bfloat16] = [compileNetwork(net, "float32"), compileNetwork(net, "bfloat16")];
    scope(() => {
      const images = randn([2, 3, 57, 75]);
      const { main } = noGrad(() => net.forward(images, false));
      const called: string[] = [];
      const found = listening(
        (name) => called.push(name),
        () => float32.forward(images, false).main,
      );
      expect(relativeError(found, main.numbers())).toBeLessThan(1e-4);
      expect(called.includes("batch_norm")).toBe(!isFolded);
      const rough = bfloat16.forward(images, false).main;
      expect(rough.dtype).toBe("float32");
      const plain = noGrad(() =>
        autocast("bfloat16", () => net.forward(images, false).main, "cpu"),
      );
      const usual = relativeError(plain, main.numbers());
      expect(relativeError(rough, main.numbers())).toBeLessThan(1.5 * usual);
    });
    for (const compiled of [float32, bfloat16]) compiled.dispose();
    expect(liveMemory().tensors).toBe(before);
    dispose(net.parameters.all);
  });
});
