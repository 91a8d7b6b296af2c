import { join } from "node:path";
import { afterAll, describe, expect, test } from "vitest";
import type { Network } from "../../src/network/index.js";
import {
  dispose,
  type TensorMap,
  tensor,
  writePyTorch,
  writeSafetensors,
  zeros,
} from "../../src/torch/index.js";
import { startFrom } from "../../src/train/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { userError } from "../user-error.js";
import { build, equalNames, type Options } from "./small-network.js";
import { digests } from "./tiny.js";

/** The tensors of a network under the names of a published file. */
function published(network: Network, rename: (name: string) => string | undefined): TensorMap {
  const renamed = [...network.parameters.all].flatMap(([name, tensor]) => {
    const own = rename(name);
    return own === undefined ? [] : [[own, tensor] as const];
  });
  const counters = renamed
    .filter(([name]) => name.endsWith("running_mean"))
    .map(([name]) => [name.replace("running_mean", "num_batches_tracked"), count] as const);
  return new Map([...renamed, ...counters]);
}
const count = tensor(new BigInt64Array([7n]), []);

/** Loads a file of one network's tensors into another, and calls `use` with the outcome. */
async function starting(
  file: (donor: Network) => [name: string, tensors: TensorMap],
  use: (outcome: Outcome) => void,
  { from = {}, into = {} }: { from?: Options; into?: Options } = {},
): Promise<void> {
  const [donor, network] = [build(from), build(into)];
  try {
    await inTemporaryFolder(async (folder) => {
      // No value is 0 or 1, the initial values of many tensors: those that were not copied differ.
      for (const each of donor.parameters.all.values()) each.detach().uniformInPlace(0.5, 1.5);
      const [name, tensors] = file(donor);
      const path = join(folder, name);
      if (name.endsWith(".safetensors")) writeSafetensors(path, tensors);
      else writePyTorch(path, tensors);
      const before = digests(network.parameters.all);
      let note: string | undefined;
      let error: unknown;
      try {
        note = startFrom(path, network);
      } catch (reason) {
        expect(digests(network.parameters.all)).toEqual(before);
        error = reason;
      }
      const same = equalNames(network, donor);
      use({ note, error, same, all: [...network.parameters.all.keys()] });
    });
  } finally {
    dispose([donor.parameters.all, network.parameters.all]);
  }
}

interface Outcome {
  /** What `startFrom` returned, or threw. */
  readonly note: string | undefined;
  readonly error: unknown;
  /** Names of the network's tensors that are equal to the donor's, and of all. */
  readonly same: string[];
  readonly all: string[];
}

const isHead = (name: string) => name.startsWith("head.");
const isClassifier = (name: string) => /^layer[56]\./.test(name);
const withoutHead = (name: string) => (isHead(name) ? undefined : name);

describe("weights by name:", () => {
  test("ADVENT's and AdaptSegNet's DeepLab-v2 load whole, under any prefix", async () => {
    for (const [name, prefix] of [
      ["advent.pth", ""],
      ["parallel.pth", "module."],
      ["wrapped.pth.tar", "state_dict.module."],
      ["plain.safetensors", ""],
    ] as const) {
      await starting(
        (donor) => [name, published(donor, (own) => (isHead(own) ? undefined : `${prefix}${own}`))],
        ({ note, same, all }) => {
          expect(same).toEqual(all.filter((own) => !isHead(own)));
          expect(note).toMatch(/tensors; initialised: head$/);
        },
        {
          from: { backbone: "resnet101", width: 0.0625 },
          into: { backbone: "resnet101", width: 0.0625 },
        },
      );
    }
  });

  test.each(["Scale.", "module."])(
    "an ImageNet initialisation (%s) gives the backbone; its layer5 is of another head",
    async (prefix) => {
      await starting(
        (donor) => {
          const tensors = published(donor, (own) => {
            return isHead(own) || isClassifier(own) ? undefined : prefix + own;
          });
          tensors.set(`${prefix}layer5.conv2d_list.0.weight`, zeros([21, 64, 3, 3]));
          tensors.set(`${prefix}layer5.conv2d_list.0.bias`, zeros([21]));
          return ["init.pth", tensors];
        },
        ({ note, same, all }) => {
          expect(same).toEqual(all.filter((own) => !isHead(own) && !isClassifier(own)));
          expect(note).toMatch(/; initialised: layer5, layer6, head; not used: layer5 of the file/);
        },
      );
    },
  );

  test.each(["resnet18", "resnet34", "resnet50", "resnet101"] as const)(
    "torchvision's %s gives the backbone, without its fc",
    async (backbone) => {
      await starting(
        (donor) => {
          const tensors = published(donor, (own) =>
            isHead(own) || isClassifier(own) ? undefined : own,
          );
          tensors.set("fc.weight", zeros([1000, donor.featureSize]));
          tensors.set("fc.bias", zeros([1000]));
          return [`${backbone}.pth`, tensors];
        },
        ({ note, same, all }) => {
          expect(same).toEqual(all.filter((own) => !isHead(own) && !isClassifier(own)));
          expect(note).toMatch(/; not used: fc of the file/);
        },
        { from: { backbone }, into: { backbone } },
      );
    },
  );

  test("half precision is converted", async () => {
    await starting(
      (donor) => {
        const half = [...published(donor, withoutHead)].map(
          ([name, each]) => [name, each.to({ dtype: "float16" })] as const,
        );
        return ["half.pth", new Map(half)];
      },
      ({ note }) => expect(note).toMatch(/^weights from/),
    );
  });

  test.each([
    [
      "another width",
      { from: { width: 0.25 } },
      /conv1\.weight is \[16,3,7,7\].* \[8,3,7,7\].*\(\d+ of 116 tensors/,
    ],
    [
      "other classes",
      { from: { classes: 19 } },
      /layer5\.conv2d_list\.0\.weight is \[19,.* number of classes/,
    ],
    [
      "a shallower backbone",
      { into: { backbone: "resnet34" } },
      /no\S* .*layer1\.2\.conv1\.weight.*\(\d+ of \d+ tensors/,
    ],
    [
      "a deeper backbone",
      { from: { backbone: "resnet34" } },
      /layer1\.2\.conv1\.weight.*\(\d+ of its \d+/,
    ],
  ] as [string, { from?: Options; into?: Options }, RegExp][])(
    "%s is refused, with its first tensor and their number",
    async (_, options, message) => {
      let refused: unknown;
      await starting(
        (donor) => ["other.pth", published(donor, withoutHead)],
        ({ error }) => {
          refused = error;
        },
        options,
      );
      const error = await userError(Promise.reject(refused), "weights-mismatch", "other.pth");
      expect(error.message).toMatch(message);
    },
  );
});

describe("weights that lie beside the heads of another network:", () => {
  const backboneOf = (donor: Network, prefix: string) =>
    published(donor, (own) => (isHead(own) || isClassifier(own) ? undefined : prefix + own));

  test.each([
    ["backbone.", ["classifier", "aux_classifier"]], // torchvision's DeepLab-v3
    ["state_dict.backbone.", ["decode_head", "auxiliary_head"]], // mmsegmentation's
  ])("the backbone below %s is taken, the rest left out", async (prefix, scopes) => {
    await starting(
      (donor) => {
        const tensors = backboneOf(donor, prefix);
        const parent = prefix.replace("backbone.", "");
        for (const scope of scopes) tensors.set(`${parent}${scope}.0.weight`, zeros([7]));
        return ["segmentation.pth", tensors];
      },
      ({ note, same, all }) => {
        expect(same).toEqual(all.filter((own) => !isHead(own) && !isClassifier(own)));
        expect(note).toContain(`not used: ${scopes.join(", ")} of the file`);
      },
    );
  });

  test.each([
    ["resnet50", "fc", "network.backbone=resnet50-v1.5"],
    ["resnet50", "backbone", "network.backbone=resnet50-v1.5"],
    ["resnet18", "fc", "network.input=torchvision"],
    ["resnet50-v1.5", "fc", undefined],
    ["resnet101-v1.5", "backbone", undefined],
  ] as const)("%s from torchvision's file with %s says once: %s", async (backbone, kind, hint) => {
    await starting(
      (donor) => {
        const tensors = backboneOf(donor, kind === "fc" ? "" : "backbone.");
        const rest = kind === "fc" ? ["fc"] : ["classifier", "aux_classifier"];
        for (const scope of rest) tensors.set(`${scope}.weight`, zeros([7, 4]));
        return ["torchvision.pth", tensors];
      },
      ({ note }) => expect(note?.split("torchvision's")).toHaveLength(hint ? 2 : 1),
      { from: { backbone, width: 0.0625 }, into: { backbone, width: 0.0625 } },
    );
  });
});

describe("weights of another network are called by their name:", () => {
  const networks: Network[] = [];
  afterAll(() => dispose(networks.map(({ parameters }) => parameters.all)));

  test.each([
    [{ backbone: "resnet50" }, { backbone: "resnet101" }, "ResNet-50", "network.backbone=resnet50"],
    [
      { backbone: "resnet18" },
      { backbone: "mobilenetv2" },
      "ResNet-18",
      "network.backbone=resnet18",
    ],
    [{ backbone: "mobilenetv2" }, {}, "MobileNetV2", "network.backbone=mobilenetv2"],
    [{ width: 0.25 }, {}, "ResNet-18 at width 0.25", "network.width=0.25"],
    [{}, { decoder: "deeplab-v3plus" }, "DeepLab-v2", "network.decoder=deeplab-v2"],
    [{ decoder: "deeplab-v3plus" }, {}, "DeepLab-v3+", "network.decoder=deeplab-v3plus"],
    [
      { decoder: "deeplab-v3plus", backbone: "mobilenetv2" },
      {},
      "DeepLab-v3+ MobileNetV2",
      "network.backbone=mobilenetv2 and network.decoder=deeplab-v3plus",
    ],
  ] as [Options, Options, string, string][])("%o into %o", async (from, into, ...names) => {
    const donor = build(from);
    networks.push(donor);
    await refusing(published(donor, withoutHead), into, ...names);
  });

  test("torchvision's ResNet-50 is v1.5", async () => {
    const donor = build({ backbone: "resnet50" });
    networks.push(donor);
    const file = published(donor, (own) => (isHead(own) || isClassifier(own) ? undefined : own));
    file.set("fc.weight", zeros([1000, 7]));
    await refusing(file, { backbone: "resnet101" }, "network.backbone=resnet50-v1.5");
  });

  test.each([
    ["features.1.block.0.0.weight", "MobileNetV3"],
    ["backbone.1.block.0.0.weight", "MobileNetV3"], // below torchvision's DeepLab-v3
    ["features.1.0.block.0.0.weight", "EfficientNet"],
    ["segformer.encoder.patch_embeddings.0.proj.weight", "SegFormer"],
    ["backbone.layers.0.0.projection.weight", "SegFormer"],
    ["patch_embed1.proj.weight", "SegFormer"],
  ])("%s is of a %s", async (name, words) => {
    for (const backbone of ["mobilenetv2", "resnet18"] as const) {
      await refusing(new Map([[name, zeros([16, 1, 3, 3])]]), { backbone }, words, "mobilenetv1");
    }
  });
});

/** Starts a network from a file that is for another, and looks for names in what is said of it. */
async function refusing(tensors: TensorMap, into: Options, ...names: string[]): Promise<void> {
  const network = build(into);
  const before = digests(network.parameters.all);
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "other.pth");
    writePyTorch(path, tensors);
    await userError(() => startFrom(path, network), "weights-mismatch", path, ...names);
  });
  expect(digests(network.parameters.all)).toEqual(before);
  dispose(network.parameters.all);
}

test("the note names the student that was taken from a file with a teacher", async () => {
  await starting(
    (donor) => [
      "both.pth",
      new Map(
        ["student.", "teacher."].flatMap((prefix) =>
          [...published(donor, (own) => prefix + own)].map(
            ([name, each]) => [name, prefix === "student." ? each : each.mul(2)] as const,
          ),
        ),
      ),
    ],
    ({ note, same, all }) => {
      expect(note).toContain("taken: student.*, not teacher.*");
      expect(same).toEqual(all);
    },
  );
});

test("the backbone alone of a file with another decoder", async () => {
  const donor = build({ decoder: "deeplab-v3plus" });
  const network = build();
  await inTemporaryFolder(async (folder) => {
    const path = join(folder, "v3plus.pth");
    writePyTorch(path, published(donor, withoutHead));
    const refused = () => startFrom(path, network);
    await userError(refused, "weights-mismatch", "network.weightsFor=backbone");
    const note = startFrom(path, network, { backboneOnly: true });
    expect(note).toContain("not used: auxiliary, decoder of the file");
    expect(equalNames(network, donor)).toContain("layer4.1.bn2.running_var");
  });
  dispose([donor.parameters.all, network.parameters.all]);
});
