import { existsSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { imagesOf } from "../../src/datasets/batch.js";
import type { Dataset, Sample } from "../../src/datasets/dataset.js";
import { INPUT_FORMATS, type InputName } from "../../src/datasets/input-format.js";
import { backbones } from "../../src/network/index.js";
import { createParameters, heInit, recordGraph, replay } from "../../src/nn/index.js";
import { adain, adainLosses, adaptiveNorm, channelStatistics } from "../../src/style/adain.js";
import {
  type Coder,
  coderTraining,
  createCoder,
  freshMobilenetCoder,
  frozen,
  loadCoder,
  loadMobilenet,
  saveCoder,
  trainCoder,
} from "../../src/style/index.js";
import { bytesOf, pixelsOf } from "../../src/style/style.js";
import {
  copyInto,
  dispose,
  liveMemory,
  manualSeed,
  noGrad,
  rand,
  randn,
  readTensors,
  scope,
  type Tensor,
  type TensorMap,
  upsampleNearest,
  writeSafetensors,
} from "../../src/torch/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { relativeError } from "../golden/relative-error.js";
import { skipUnless } from "../skip.js";
import { userError } from "../user-error.js";

const published = fileURLToPath(
  new URL("../../../shared/data/mobilenet_v2/imagenet.safetensors", import.meta.url),
);
const needsWeights = skipUnless(existsSync(published), "mobilenet");

/** The backbone of network/ with random weights and running statistics. The caller disposes `all`. */
function randomBackbone(width: number) {
  const parameters = createParameters();
  const options = { width, init: heInit, outputStride: 16 } as const;
  const backbone = backbones.mobilenetv2.create(parameters, options);
  noGrad(() =>
    scope(() => {
      for (const [name, tensor] of parameters.all) {
        if (/running_var|\.1\.weight$|conv\.\d\.weight$/.test(name) && tensor.shape.length === 1) {
          copyInto(tensor, rand(tensor.shape).add(0.5));
        } else if (tensor.shape.length === 1) copyInto(tensor, randn(tensor.shape).mul(0.1));
      }
    }),
  );
  return { ...backbone, all: parameters.all };
}

const sample = (width = 44, height = 37): Sample => ({
  ...{ name: "random", width, height },
  image: scope(() => bytesOf(rand([3, height, width]))),
});

/** Inputs of the layers after `features.0`, `.1`, `.3` and `.6` of a backbone: what these four return. */
function levelsOf(
  { forward, all }: { forward(x: Tensor, training: boolean): object; all: TensorMap },
  images: Tensor,
): Tensor[] {
  const graph = recordGraph((x) => forward(x, false) as Record<string, Tensor>, images);
  const outputs = Object.fromEntries(
    [1, 2, 4, 7].map((next) => {
      const weight = all.get(`features.${next}.conv.0.0.weight`);
      const node = graph.nodes.find(({ args }) => args[1] === weight);
      return [`before ${next}`, node?.args[0] as { id: number }];
    }),
  );
  return Object.values(replay({ ...graph, outputs })(images));
}

/** Calls `use` with a coder on the weights of a random MobileNetV2. */
async function withCoder<T>(
  { width = 1, input = "tensorflow" }: { width?: number; input?: InputName },
  use: (
    coder: Coder,
    backbone: ReturnType<typeof randomBackbone>,
    folder: string,
  ) => T | Promise<T>,
): Promise<T> {
  manualSeed(5);
  return inTemporaryFolder(async (folder) => {
    const backbone = randomBackbone(width);
    const coder = freshMobilenetCoder({ width, input });
    try {
      const path = join(folder, "weights.safetensors");
      writeSafetensors(path, backbone.all);
      loadMobilenet(coder, path);
      return await use(coder, backbone, folder);
    } finally {
      dispose([backbone.all, coder.parameters.all]);
    }
  });
}

describe("the encoder equals the backbone of a network", () => {
  it.each([
    [1, "tensorflow"],
    [1, "torchvision"],
    [0.35, "caffe"],
  ] as const)("at width %f, with %s pixels, at all levels", async (width, input) => {
    await withCoder({ width, input }, (coder, backbone) => {
      scope(() => {
        const pixels = sample();
        const ours = coder.encode(pixelsOf(pixels).unsqueeze(0));
        const theirs = levelsOf(backbone, imagesOf([pixels], INPUT_FORMATS[input]));
        expect(ours.map(({ shape }) => shape.slice(2))).toEqual([
          [19, 22],
          [19, 22],
          [10, 11],
          [5, 6],
        ]);
        expect(theirs).toHaveLength(4);
        for (const [i, level] of theirs.entries()) {
          expect(level.variance([0, 2, 3]).mean().item()).toBeGreaterThan(1e-3);
          expect(relativeError(ours[i] as Tensor, values(level))).toBeLessThan(1e-6);
        }
      });
    });
  });

  it("with ImageNet's weights", needsWeights, () => {
    const parameters = createParameters();
    const options = { width: 1, init: heInit, outputStride: 8 } as const;
    const backbone = backbones.mobilenetv2.create(parameters, options);
    const coder = frozen(freshMobilenetCoder({ input: "tensorflow" }));
    const { tensors } = readTensors(published);
    noGrad(() => {
      for (const [name, into] of parameters.all) copyInto(into, tensors.get(name) as Tensor);
    });
    loadMobilenet(coder, published);
    scope(() => {
      const pixels = sample(64, 48);
      const ours = coder.encode(pixelsOf(pixels).unsqueeze(0));
      const images = imagesOf([pixels], INPUT_FORMATS.tensorflow);
      const theirs = levelsOf({ ...backbone, all: parameters.all }, images);
      for (const [i, level] of theirs.entries()) {
        expect(relativeError(ours[i] as Tensor, values(level))).toBeLessThan(1e-6);
      }
    });
    dispose([tensors, parameters.all, coder.parameters.all]);
  });
});

const values = (x: Tensor) => x.contiguous().typed() as Float32Array;

it.each([64, 65, 301])("restyles %i rows in strips like a whole image", async (height) => {
  await withCoder({}, (coder) =>
    noGrad(() =>
      scope(() => {
        const [content, style] = [rand([3, height, 37]), rand([3, 40, 40])];
        const look = adain(coder);
        const made = look.apply(content, look.statistics(style), 1);
        const [mean, deviation] = channelStatistics(coder.encode(style.unsqueeze(0))[3]);
        const moved = adaptiveNorm(coder.encode(content.unsqueeze(0))[3], mean, deviation);
        const whole = coder.decode(moved).squeeze(0).slice(1, 0, height).slice(2, 0, 37);
        expect(made.shape).toEqual([3, height, 37]);
        expect(relativeError(made, values(whole))).toBeLessThan(1e-5);
      }),
    ),
  );
});

describe("training", () => {
  const dataset: Dataset = {
    ...{ name: "random", classes: { names: [], colors: [] }, labelled: false },
    names: ["0", "1", "2"],
    load: async () => coarse(),
  };
  /** Squares of 8x8 pixels, which features at stride 8 can describe. */
  const coarse = (): Sample => ({
    ...{ name: "coarse", width: 64, height: 32 },
    image: scope(() => bytesOf(upsampleNearest(rand([1, 3, 4, 8]), 32, 64).squeeze(0))),
  });
  const snapshot = ({ parameters }: Coder) =>
    scope(
      () => new Map([...parameters.all].map(([name, x]) => [name, Float32Array.from(values(x))])),
    );

  it("gives gradients to every tensor of the decoder, and to no other", async () => {
    await withCoder({}, (coder) => {
      const { all } = coder.parameters;
      const decoder = [...all.keys()].filter((name) => name.startsWith("decoder."));
      scope(() => {
        const losses = adainLosses(coder, rand([2, 3, 32, 32]), rand([2, 3, 32, 32]));
        losses.content.add(losses.style).backward();
        const moved = [...all]
          .filter(([, { grad }]) => grad !== undefined && grad.abs().sum().item() > 0)
          .map(([name]) => name);
        expect(moved).toEqual(decoder);
        expect(decoder).toHaveLength(14);
      });
    });
  });

  it("changes the decoder only, and lowers the reproduction loss", async () => {
    await withCoder({}, async (coder) => {
      const before = snapshot(coder);
      const domain = { dataset, size: { width: 64, height: 32 } };
      const losses: number[] = [];
      const onStep = (_done: number, _total: number, detail: string) => {
        const [, value] = /^reproduction loss (.*)/.exec(detail) ?? [];
        if (value !== undefined) losses.push(Number(value));
      };
      const pixels = { order: "rgb", mean: [0, 0, 0], scale: 1 / 255 } as const;
      dispose(imagesOf([await dataset.load(0)], pixels)); // the mean is cached from now on
      const tensors = liveMemory().tensors;
      const changes = { reproduce: 40, steps: 2, batch: 1, crop: 32 };
      await trainCoder(coder, {
        ...{ content: domain, style: domain, bothWays: false, precision: "float32", seeds: [1, 2] },
        training: coderTraining(changes, "mobilenetv2"),
        onStep,
      });
      expect(liveMemory().tensors).toBe(tensors);
      const mean = (part: readonly number[]) => part.reduce((sum, x) => sum + x, 0) / part.length;
      expect(mean(losses.slice(-10))).toBeLessThan(0.9 * mean(losses.slice(0, 5)));
      for (const [name, now] of snapshot(coder)) {
        const same = Buffer.compare(
          Buffer.from(now.buffer),
          Buffer.from((before.get(name) as Float32Array).buffer),
        );
        expect([name, same === 0]).toEqual([name, !name.startsWith("decoder.")]);
      }
    });
  });
});

describe("a file of a coder", () => {
  it("keeps kind, width, pixels and weights", async () => {
    await withCoder({ width: 0.5 }, (coder, _, folder) => {
      const path = join(folder, "coder.safetensors");
      saveCoder(path, coder);
      const read = loadCoder(path);
      expect({ ...read }).toMatchObject({ kind: "mobilenetv2", width: 0.5, input: "tensorflow" });
      noGrad(() =>
        scope(() => {
          const content = rand([3, 48, 40]);
          const made = [coder, read].map((by) => {
            const look = adain(by, { residual: true });
            return look.apply(content, look.statistics(content.mul(0.5)), 1);
          }) as [Tensor, Tensor];
          expect(relativeError(made[0], values(made[1]))).toBe(0);
        }),
      );
      dispose(read.parameters.all);
    });
  });

  it("without a kind is VGG's, as older versions wrote it; of an unknown kind it is refused", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "coder.safetensors");
      const coder = createCoder(0.05);
      const write = (metadata: Record<string, string>) =>
        writeSafetensors(path, coder.parameters.all, {
          ...{ format: "cfcontra-coder-1", width: "0.05" },
          ...metadata,
        });
      write({});
      const read = loadCoder(path);
      expect({ ...read }).toMatchObject({ kind: "vgg", width: 0.05 });
      write({ kind: "swin" });
      await userError(() => loadCoder(path), "unsupported-file", path, "swin");
      write({ kind: "mobilenetv2", input: "bayer" });
      await userError(() => loadCoder(path), "unsupported-file", path, "bayer");
      write({ kind: "mobilenetv2", input: "tensorflow" });
      await userError(() => loadCoder(path), "weights-mismatch", path, "encoder.");
      dispose([coder.parameters.all, read.parameters.all]);
    });
  });
});
