import { describe, expect, test } from "vitest";
import {
  BACKBONES,
  type BackboneName,
  compileNetwork,
  createNetwork,
  type DecoderName,
} from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import {
  autocast,
  copyInto,
  dispose,
  liveMemory,
  manualSeed,
  noGrad,
  rand,
  randn,
  scope,
} from "../../src/torch/index.js";
import { relativeError } from "../golden/relative-error.js";

/** A network in which scale, shift and statistics of every normalisation are random. */
function network(backbone: BackboneName, decoder: DecoderName) {
  manualSeed(4);
  const options = { backbone, decoder, width: 0.25, classes: 5, head: "none" } as const;
  const made = createNetwork({ ...options, init: heInit });
  noGrad(() =>
    scope(() => {
      for (const [name, parameter] of made.parameters.all) {
        if (parameter.shape.length === 1) {
          copyInto(parameter, rand(parameter.shape).add(/mean|bias/.test(name) ? -0.5 : 0.5));
        }
      }
    }),
  );
  return made;
}

describe.each([
  ...BACKBONES.map((name) => [name, "deeplab-v2"] as const),
  ["resnet18", "deeplab-v3plus"] as const,
  ["mobilenetv2", "deeplab-v3plus"] as const,
])("%s under %s compiled for predicting", (backbone, decoder) => {
  test.each([
    [48, 64],
    [57, 75],
  ])("says the same at %i x %i, in both precisions", (height, width) => {
    const net = network(backbone, decoder);
    const float32 = compileNetwork(net, "float32");
    const bfloat16 = compileNetwork(net, "bfloat16");
    scope(() => {
      const images = randn([2, 3, height, width]);
      const { main } = noGrad(() => net.forward(images, false));
      expect(relativeError(float32.forward(images, false).main, main.numbers())).toBeLessThan(1e-4);
      const rough = bfloat16.forward(images, false).main;
      expect(rough.dtype).toBe("float32");
      // Networks amplify rounding differently: expect no more than without compiling.
      const plain = noGrad(() =>
        autocast("bfloat16", () => net.forward(images, false).main, "cpu"),
      );
      const usual = relativeError(plain, main.numbers());
      expect(relativeError(rough, main.numbers())).toBeLessThan(1.5 * usual);
    });
    for (const compiled of [float32, bfloat16]) compiled.dispose();
    dispose(net.parameters.all);
  });
});

test("a compiled network keeps its weights, and frees them", () => {
  const net = network("resnet18", "deeplab-v2");
  const before = liveMemory().tensors;
  const compiled = compileNetwork(net, "float32");
  scope(() => {
    const images = randn([1, 3, 40, 40]);
    const { main } = compiled.forward(images, false);
    noGrad(() => {
      for (const parameter of net.parameters.all.values()) parameter.zeroInPlace();
    });
    expect(compiled.forward(images, false).main.numbers()).toEqual(main.numbers());
  });
  compiled.dispose();
  expect(liveMemory().tensors).toBe(before);
  dispose(net.parameters.all);
});
