import { spawnSync } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import * as ort from "onnxruntime-node";
import { afterAll, describe, expect, test } from "vitest";
import { type ModelInfo, modelInfo, type OnnxOptions, onnxModel } from "../../src/export/index.js";
import {
  BACKBONES,
  type BackboneName,
  createNetwork,
  type DecoderName,
  type Network,
  PROJECTION_HEADS,
  upsampleLogits,
} from "../../src/network/index.js";
import { heInit } from "../../src/nn/index.js";
import {
  copyInto,
  dispose,
  liveMemory,
  manualSeed,
  noGrad,
  randn,
  scope,
  tensor,
} from "../../src/torch/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { PYTHON, pythonHas } from "../python.js";
import { skipUnless } from "../skip.js";
import { tinyClasses } from "../train/tiny.js";

const SIZES = [
  { n: 1, height: 64, width: 96 },
  { n: 2, height: 65, width: 97 },
  { n: 2, height: 50, width: 131 },
] as const;

const info: ModelInfo = {
  classes: tinyClasses.names.map((name, i) => ({ name, color: tinyClasses.colors[i] as never })),
  input: { order: "bgr", mean: [104, 116.7, 122.7], scale: 1 },
  size: { width: 96, height: 64 },
  title: "a test",
};

/** A network whose normalisation does something: statistics, scale and shift are random. */
function network(
  backbone: BackboneName,
  { width = 0.125, head = "none" as const, decoder = "deeplab-v2" as DecoderName } = {},
) {
  manualSeed(3);
  const made = createNetwork({ backbone, decoder, width, classes: 3, head, init: heInit });
  noGrad(() =>
    scope(() => {
      for (const [name, parameter] of made.parameters.all) {
        const noise = randn(parameter.shape).mul(0.2);
        if (/running_var$|bn\d?\.weight$|downsample\.1\.weight$/.test(name)) {
          copyInto(parameter, noise.abs().add(0.6));
        } else if (/running_mean$|bn\d?\.bias$|downsample\.1\.bias$/.test(name)) {
          copyInto(parameter, noise);
        }
      }
    }),
  );
  return made;
}

async function run(model: Uint8Array, images: Float32Array, dims: readonly number[]) {
  const session = await ort.InferenceSession.create(model);
  try {
    return await session.run({ image: new ort.Tensor("float32", images, dims) });
  } finally {
    await session.release();
  }
}

const noise = (length: number) =>
  Float32Array.from({ length }, (_, i) => 90 * Math.sin(i * 0.37) + 60 * Math.sin(i * i * 0.013));

/** Ours, [N, C, H, W]. */
function logitsOf(net: Network, images: Float32Array, dims: number[]): Float32Array {
  return scope(() => {
    const { main } = noGrad(() => net.forward(tensor(images, dims), false));
    return upsampleLogits(main, dims[2] as number, dims[3] as number).typed() as Float32Array;
  });
}

/** The largest difference as a share of the largest value. */
function difference(found: Float32Array, wanted: Float32Array): number {
  expect(found.length).toBe(wanted.length);
  let most = 0;
  let largest = 0;
  for (const [i, value] of wanted.entries()) {
    most = Math.max(most, Math.abs(value - (found[i] as number)));
    largest = Math.max(largest, Math.abs(value));
  }
  return most / largest;
}

describe.each([
  ...BACKBONES.map((name) => [name, "deeplab-v2"] as const),
  ["resnet18", "deeplab-v3plus"] as const,
  ["mobilenetv2", "deeplab-v3plus"] as const,
])("%s under %s in ONNX Runtime", (backbone, decoder) => {
  const net = network(backbone, { decoder });
  const model = onnxModel(net, info);
  afterAll(() => dispose(net.parameters.all));

  test.each(SIZES)("equals ours on $n x $width x $height", async ({ n, height, width }) => {
    const dims = [n, 3, height, width];
    const images = noise(n * 3 * height * width).map((value) => value * net.input.scale);
    const { logits } = await run(model, images, dims);
    expect(logits?.dims).toEqual([n, 3, height, width]);
    const wanted = logitsOf(net, images, dims);
    expect(difference(logits?.data as Float32Array, wanted)).toBeLessThan(1e-4);
  });
});

test.each(PROJECTION_HEADS)("a network with the %s head exports", (head) => {
  const net = network("resnet18", { head: head as never });
  expect(modelInfo(onnxModel(net, info))).toEqual(info);
  dispose(net.parameters.all);
});

describe("an exported model", () => {
  const net = network("resnet18", { width: 0.25 });
  afterAll(() => dispose(net.parameters.all));
  const [height, width] = [64, 96];
  const images = noise(3 * height * width);
  const wanted = logitsOf(net, images, [1, 3, height, width]);
  const export_ = (options: OnnxOptions) => onnxModel(net, info, options);
  const predict = (options: OnnxOptions) => run(export_(options), images, [1, 3, height, width]);

  const best = Uint8Array.from({ length: height * width }, (_, i) => {
    const scores = [0, 1, 2].map((c) => wanted[c * height * width + i] as number);
    return scores.indexOf(Math.max(...scores));
  });
  expect(new Set(best).size).toBe(3);
  const agreement = (labels: Uint8Array) =>
    labels.filter((label, i) => label === best[i]).length / best.length;

  test("gives labels, and the entropy of its softmax", async () => {
    const { labels, entropy } = await predict({ outputs: "labels and entropy" });
    expect(labels?.dims).toEqual([1, height, width]);
    expect(agreement(labels?.data as Uint8Array)).toBeGreaterThan(0.999);
    const probabilities = [0, 1, 2].map((c) => Math.exp(wanted[c * height * width] as number));
    const sum = probabilities.reduce((a, b) => a + b);
    const first = probabilities.reduce((h, p) => h - (p / sum) * Math.log(p / sum), 0);
    expect(entropy?.data[0]).toBeCloseTo(first / Math.log(3), 4);
    expect(Object.keys(await predict({ outputs: "labels" }))).toEqual(["labels"]);
  });

  test("may leave the upsampling to the caller", async () => {
    const { logits } = await predict({ upsample: false });
    expect(logits?.dims).toEqual([1, 3, 9, 13]);
  });

  test.each([
    ["float16", 0.55, 0.005],
    ["int8", 0.3, 0.1],
  ] as const)("with %s weights is %f as large and hardly differs", async (storage, share, most) => {
    expect(export_({ storage }).length).toBeLessThan(share * export_({}).length);
    const { logits } = await predict({ storage });
    expect(difference(logits?.data as Float32Array, wanted)).toBeLessThan(most);
    const { labels } = await predict({ storage, outputs: "labels" });
    expect(agreement(labels?.data as Uint8Array)).toBeGreaterThan(0.95);
  });

  test("leaves no tensor behind", () => {
    const before = liveMemory();
    export_({ storage: "float16" });
    expect(liveMemory()).toEqual(before);
  });

  const checker = ["-c", "import onnx, sys; onnx.checker.check_model(sys.argv[1], True)"];
  test("passes ONNX's own checker", skipUnless(pythonHas("onnx"), "onnx"), async () => {
    await inTemporaryFolder(async (folder) => {
      for (const outputs of ["logits", "labels and entropy"] as const) {
        for (const storage of ["float32", "float16", "int8"] as const) {
          const path = join(folder, `${outputs} ${storage}.onnx`);
          await writeFile(path, export_({ outputs, storage }));
          const { stderr } = spawnSync(PYTHON, [...checker, path], {
            encoding: "utf8",
          });
          expect(stderr).toBe("");
        }
      }
    });
  });
});

describe("its metadata", () => {
  test("is absent from other files, and broken files are named so", () => {
    expect(modelInfo(new Uint8Array())).toBeUndefined();
    expect(() => modelInfo(Uint8Array.of(0x3a, 200, 1, 5))).toThrow("truncated");
    expect(() => modelInfo(new TextEncoder().encode("no model"))).toThrow(/ONNX/);
  });
});
