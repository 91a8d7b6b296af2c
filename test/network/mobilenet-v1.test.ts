import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { backbones, deeplabV2 } from "../../src/network/index.js";
import { createParameters, heInit, loadByName } from "../../src/nn/index.js";
import { dispose, noGrad, randn, scope, tensor } from "../../src/torch/index.js";
import { startFrom } from "../../src/train/index.js";
import { relativeError } from "../golden/relative-error.js";
import { PYTHON, pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";
import { userError } from "../user-error.js";

const here = (path: string) => fileURLToPath(new URL(path, import.meta.url));
const weights = here("../../../shared/data/mobilenet_v1_025/imagenet.safetensors");
const published = skipUnless(existsSync(weights), "mobilenet");
const pytorch = skipUnless(pythonHas("torch"), "pytorch");

/** The same synthetic image [1, 3, height, width] as in the oracle. */
function image(height: number, width: number) {
  const values = Float32Array.from({ length: 3 * height * width }, (_, i) => {
    return Math.sin(i * 0.37) * Math.cos(i * 0.0113);
  });
  return tensor(values, [1, 3, height, width]);
}

const build = (width: number) =>
  deeplabV2({ backbone: "mobilenetv1", classes: 6, head: "none", width, init: heInit });

describe("MobileNetV1", () => {
  describe("against PyTorch", { ...pytorch, ...published }, () => {
    test.each([
      [8, 64, 96],
      [8, 45, 70], // odd sizes have another padding than even sizes
      [8, 90, 51],
      [16, 64, 96],
      [16, 45, 70],
    ] as const)(
      "has at output stride %i the features that PyTorch computes of a %i x %i image",
      (...args) => {
        const [outputStride, height, width] = args;
        const { status, stdout, stderr } = spawnSync(
          PYTHON,
          [here("mobilenet_v1.py"), weights, String(height), String(width), String(outputStride)],
          { encoding: "utf8", maxBuffer: 2 ** 28 },
        );
        if (status !== 0) throw new Error(stderr);
        const wanted = JSON.parse(stdout) as { shape: number[]; values: number[] }[];
        const network = build(0.25);
        startFrom(weights, network);
        const parameters = createParameters();
        const { forward } = backbones.mobilenetv1.create(parameters, {
          ...{ width: 0.25, init: heInit, outputStride },
        });
        scope(() => {
          loadByName(weights, network.parts.backbone.all, parameters.all, "");
          const { aux, main } = noGrad(() => forward(image(height, width), false));
          for (const [i, features] of [aux, main].entries()) {
            expect(features.shape).toEqual(wanted[i]?.shape);
            expect(Math.max(...features.numbers())).toBeGreaterThan(1); // not all features are zero
            expect(relativeError(features.numbers(), wanted[i]?.values ?? [])).toBeLessThan(1e-5);
          }
        });
        dispose([network.parameters.all, parameters.all]);
      },
    );
  });

  test("starts from the published file, and refuses another width", published, async () => {
    const [network, wider] = [build(0.25), build(0.5)];
    expect(startFrom(weights, network)).toMatch(
      /: 135 tensors; initialised: layer5, layer6; not used: conv_preds of the file$/,
    );
    await userError(() => startFrom(weights, wider), "weights-mismatch", "conv1.weight", "8,3,3,3");
    dispose([network.parameters.all, wider.parameters.all]);
  });

  test("predicts at an eighth of the input size, and has its own input format", () => {
    const options = { backbone: "mobilenetv1", classes: 5, head: "linear", width: 0.25 } as const;
    const network = deeplabV2({ ...options, init: heInit });
    scope(() => {
      const { main, aux, features } = network.forward(randn([2, 3, 61, 96]), true);
      expect(main.shape).toEqual([2, 5, 8, 12]);
      expect(aux.shape).toEqual([2, 5, 8, 12]);
      expect(features.shape).toEqual([2, 256, 8, 12]);
    });
    expect(network.input).toEqual({ order: "rgb", mean: [127.5, 127.5, 127.5], scale: 1 / 127.5 });
    expect([...network.parts.backbone.trainable.keys()]).toContain("conv_dw_3_bn.weight");
    dispose(network.parameters.all);
    const other = deeplabV2({ ...options, input: "caffe" });
    expect(other.input.order).toBe("bgr");
    dispose(other.parameters.all);
  });
});
