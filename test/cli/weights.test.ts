import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { deeplabV2, recognise } from "../../src/network/index.js";
import { dispose, readTensors, writePyTorch, type zeros } from "../../src/torch/index.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { digests } from "../train/tiny.js";
import { cli, expectError, preset, tiny } from "./cli.js";

/** A file of a small DeepLab-v2's tensors, changed by `change`, for `use`. */
async function withWeights(
  use: (path: string, folder: string) => Promise<void>,
  {
    backbone = "resnet101" as const,
    change = (_: Map<string, ReturnType<typeof zeros>>) => {},
  } = {},
): Promise<void> {
  const network = deeplabV2({ backbone, classes: 19, head: "none", width: 0.0625 });
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "weights.pth");
    const tensors = new Map(network.parameters.all);
    change(tensors);
    writePyTorch(path, tensors);
    await use(path, folder);
  });
  dispose(network.parameters.all);
}

describe("weights inspect", () => {
  test("lists names, shapes and types, and the network they look like", async () => {
    await withWeights(async (path) => {
      const { code, out } = await cli("weights", "inspect", path);
      expect(code).toBe(0);
      expect(out).toMatch(/^layer4\.2\.conv2\.weight +\[32,32,3,3\] +float32$/m);
      expect(out).toMatch(/looks like: DeepLab-v2 ResNet-101 at width 0\.0625, 19 classes$/m);
      expect(out).toMatch(/^\d+ tensors, [\d,]+ values, \d+\.\d MiB$/m);
    });
  });

  test.each([
    [
      "layer6",
      /ResNet-101 at width 0\.0625 with a layer5 for 19 classes, which belongs to another head/,
    ],
    ["layer[56]", /ResNet-101 at width 0\.0625, backbone only/],
    ["layer5", /DeepLab-v2 ResNet-101 at width 0\.0625, 19 classes, without layer5/],
    ["layer.*3\\.22", /DeepLab-v2 ResNet of 3,4,22,3 blocks/],
  ])("without %s", async (part, says) => {
    await withWeights(
      async (path) => expect((await cli("weights", "inspect", path)).out).toMatch(says),
      {
        change: (tensors) => {
          for (const name of tensors.keys()) {
            if (new RegExp(`^${part}\\.`).test(name)) tensors.delete(name);
          }
        },
      },
    );
  });

  test("refuses what it cannot read", async () => {
    await inTemporaryFolder(async (folder) => {
      const path = join(folder, "page.pth");
      writeFileSync(path, "<html>");
      expectError(await cli("weights", "inspect", path), "damaged-file", path, "PyTorch");
      const none = join(folder, "none.pth");
      expectError(await cli("weights", "inspect", none), "not-found", none);
      expectError(await cli("weights", "inspect", folder), "not-a-run", folder);
    });
  });
});

test.each([
  [{ "conv_pw_13/kernel": [1, 1, 256, 256] }, "MobileNetV1 at width 0.25, backbone only"],
  [
    { "conv_pw_13/kernel": [1, 1, 1024, 1024], "conv_preds/kernel": [1, 1, 1024, 1000] },
    "MobileNetV1 image classifier, 1000 classes",
  ],
  [
    {
      "network/conv_pw_13.weight": [1024, 1024, 1, 1],
      "network/layer5.conv2d_list.0.weight": [6],
      "network/layer6.conv2d_list.0.weight": [6],
    },
    "DeepLab-v2 MobileNetV1, 6 classes",
  ],
  [
    { "conv_pw_13.weight": [1024, 1024, 1, 1], "layer6.conv2d_list.0.weight": [6] },
    "DeepLab-v2 MobileNetV1, 6 classes, without layer5",
  ],
  [
    { "layer1.0.conv1.weight": [64, 64, 3, 3], "fc.weight": [10, 512] },
    "ResNet of 1,0,0,0 blocks image classifier, 10 classes",
  ],
  [{ "0.weight": [3, 3, 1, 1], "28.weight": [512, 512, 3, 3] }, "AdaIN's encoder, a VGG-19"],
  [{ "1.weight": [256, 512, 3, 3], "28.weight": [3, 64, 3, 3] }, "AdaIN's decoder"],
  [
    { "features.17.conv.2.weight": [320, 960, 1, 1], "classifier.1.weight": [1000, 1280] },
    "MobileNetV2 image classifier, 1000 classes",
  ],
  [
    {
      "network/features.17.conv.2.weight": [112, 336, 1, 1],
      "network/decoder.classifier.weight": [19, 90, 1, 1],
      "network/auxiliary.classifier.weight": [19, 90, 1, 1],
    },
    "DeepLab-v3+ MobileNetV2 at width 0.35, 19 classes",
  ],
  [
    { "backbone.layer1.0.conv1.weight": [64, 64, 1, 1], "backbone.stem.0.weight": [32, 3, 3, 3] },
    "ResNet of 1,0,0,0 blocks with a deep stem, backbone only",
  ],
  [{ "features.1.block.0.0.weight": [16, 1, 3, 3] }, "MobileNetV3"],
  [{ "backbone.layers.0.0.projection.weight": [32, 3, 7, 7] }, "SegFormer"],
  [
    { "features.0.weight": [64, 3, 3, 3], "features.28.weight": [512, 512, 3, 3] },
    "VGG without normalisation",
  ],
  [{ "0.weight": [64, 3, 3, 3], "28.weight": [512, 512, 3, 3] }, "VGG without normalisation"],
  [
    {
      "features.0.weight": [64, 3, 3, 3],
      "features.1.running_mean": [64],
      "features.40.weight": [512, 512, 3, 3],
    },
    "VGG with batch normalisation",
  ],
  [{ "inc.conv.0.weight": [64, 3, 3, 3], "up.conv.0.weight": [512, 512, 3, 3] }, undefined], // a U-Net
  [{ "module.fc1.weight": [10, 5] }, undefined],
] as [Record<string, number[]>, string | undefined][])("%o looks like %s", (shapes, says) => {
  const tensors = Object.entries(shapes).map(([name, shape]) => [name, { shape }] as const);
  expect(recognise(new Map(tensors))).toBe(says);
});

test("training refuses missing weights, and leaves no run folder", async () => {
  await inTemporaryFolder(async (root) => {
    await makeDomains(root);
    const path = await preset(root, tiny(root));
    const weights = join(root, "none.pth");
    const out = join(root, "run");
    const from = ["--set", `network.weights=${weights}`, "--out", out];
    expectError(await cli("train", "--preset", path, ...from), "not-found", weights);
    expect(existsSync(out)).toBe(false);
  });
});

describe("weights convert", () => {
  test("there and back is the same to the bit", async () => {
    await withWeights(async (path, folder) => {
      const [there, back] = [join(folder, "a.safetensors"), join(folder, "b.pth")];
      expect((await cli("weights", "convert", path, there)).out).toMatch(/tensors written to/);
      await cli("weights", "convert", there, back);
      const [first, middle, last] = [path, there, back].map(readTensors);
      expect(middle?.format).toBe("safetensors");
      expect(last?.format).toBe("PyTorch");
      expect(digests(middle?.tensors as never)).toEqual(digests(first?.tensors as never));
      expect(digests(last?.tensors as never)).toEqual(digests(first?.tensors as never));
      dispose([first?.tensors, middle?.tensors, last?.tensors]);
    });
  });

  test("in bfloat16 and without a part, a file has half the size and still loads", async () => {
    await withWeights(async (path, folder) => {
      const out = join(folder, "small.safetensors");
      const options = ["--dtype", "bfloat16", "--without", "layer5"];
      expect((await cli("weights", "convert", path, out, ...options)).out).toMatch(
        /left out: .*layer5/,
      );
      const [before, after] = [path, out].map((file) => readTensors(file).tensors);
      const names = [...(before?.keys() ?? [])].filter((name) => !name.startsWith("layer5."));
      expect([...(after?.keys() ?? [])]).toEqual(names);
      for (const [name, tensor] of after ?? []) {
        expect(tensor.dtype).toBe("bfloat16");
        const rounded = before?.get(name)?.to({ dtype: "bfloat16" });
        expect(tensor.to({ dtype: "float32" }).array).toEqual(
          rounded?.to({ dtype: "float32" }).array,
        );
      }
      dispose([before, after]);
      const other = join(folder, "other.safetensors");
      const none = await cli("weights", "convert", path, other, "--without", "layer9");
      expectError(none, "not-found", "layer9", path);
    });
  });

  test("refuses other extensions, its input, an existing file, and missing folders", async () => {
    await withWeights(async (path, folder) => {
      const convert = (out: string) => cli("weights", "convert", path, out);
      const other = join(folder, "a.bin");
      expectError(await convert(other), "unsupported-file", other, ".safetensors, .pth or .pt");
      expectError(await convert(path), "conflicting-options", path);
      const keep = join(folder, "keep.pth");
      writeFileSync(keep, "weights");
      expectError(await convert(keep), "already-exists", keep);
      expect(readFileSync(keep, "utf8")).toBe("weights");
      const nowhere = join(folder, "none", "a.pth");
      expectError(await convert(nowhere), "not-writable", nowhere, "ENOENT");
      expect(existsSync(other)).toBe(false);
    });
  });
});

test("pretrain names the next command, and all methods start from it", async () => {
  await inTemporaryFolder(async (root) => {
    await makeDomains(root);
    const path = await preset(root, tiny(root));
    const first = join(root, "first");
    const { code, out } = await cli("pretrain", "--preset", path, "--out", first);
    expect(code).toBe(0);
    const [, command = ""] = /start from it with: npx cfcontra (.*)\n/.exec(out) ?? [];
    const next = await cli(...command.split(" "), "--out", join(root, "second"));
    expect(next.code).toBe(0);
    expect(next.err).toMatch(/note: weights from .*first.*: 118 tensors/);
    const section = ["--set", "pretrain={ steps: 2, rate: 0.1 }", "--set", "train.steps=9"];
    const other = ["--out", join(root, "other"), ...section];
    const own = await cli("pretrain", "--preset", path, ...other);
    expect(own.err, own.out).toMatch(/pretrain\.steps.*2 steps, rate 0\.1/);

    const state = join(root, "adapted.pth");
    const converted = await cli("weights", "convert", first, state);
    expect(converted.out).toMatch(/left out: the method's state/);
    const inspected = await cli("weights", "inspect", first);
    expect(inspected.out).toMatch(/checkpoint of source-only after 3 steps/);
    expect(inspected.out).toMatch(/DeepLab-v2 ResNet-18 at width 0\.125, 19 classes/);
    const from = ["--set", `network.weights=${state}`, "--out", join(root, "third")];
    const third = await cli("train", "--preset", path, "--method", "minent", ...from);
    expect(third.code).toBe(0);
    expect(third.err).toMatch(/note: weights from .*adapted\.pth/);
  });
});
