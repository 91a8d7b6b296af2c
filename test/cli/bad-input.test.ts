import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import type { ErrorCode } from "../../src/errors.js";
import { hasCuda } from "../../src/torch/index.js";
import { lockRunFolder } from "../../src/train/index.js";
import { inTemporaryFolder, makeCamvid, makeDomains, makeGta5 } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { cli, expectError, preset, tiny } from "./cli.js";

/** Runs `train` with a changed configuration, on fixtures that `spoil` has damaged. */
async function trainWith(
  changes: object,
  { spoil = async (_: string) => {}, args = [] as string[] } = {},
) {
  return inTemporaryFolder(async (root) => {
    await makeDomains(root);
    await spoil(root);
    const path = await preset(root, tiny(root, changes));
    const out = join(root, "run");
    const outcome = await cli("train", "--preset", path, "--out", out, ...args);
    const finished = existsSync(join(out, "result.json"));
    return { ...outcome, err: outcome.err.replaceAll(root, "ROOT"), finished };
  });
}

type Failure = Awaited<ReturnType<typeof trainWith>>;

/** Expects a UserError, and no finished run. */
function expectFailure(outcome: Failure, error: ErrorCode, ...names: readonly string[]) {
  expectError(outcome, error, ...names);
  expect(outcome.finished).toBe(false);
}

describe("data", () => {
  test("missing folder", async () => {
    const spoil = (root: string) => rm(join(root, "gta5"), { recursive: true });
    expectFailure(await trainWith({}, { spoil }), "dataset-layout", "ROOT/gta5");
  });
  test("empty target: zero images", async () => {
    const spoil = async (root: string) => {
      await rm(join(root, "cityscapes", "leftImg8bit"), { recursive: true });
      await mkdir(join(root, "cityscapes", "leftImg8bit", "train", "aachen"), { recursive: true });
    };
    const outcome = await trainWith({}, { spoil });
    expectFailure(outcome, "no-images", "ROOT/cityscapes/leftImg8bit/train");
  });
  test("an image without its label", async () => {
    const spoil = (root: string) => rm(join(root, "gta5", "labels", "00002.png"));
    const outcome = await trainWith({}, { spoil });
    expectFailure(outcome, "unpaired-files", "ROOT/gta5", "1 image (00002) without label");
  });
  test("a truncated image is named", async () => {
    const spoil = (root: string) => truncate(join(root, "gta5", "images", "00002.png"), 300);
    const outcome = await trainWith({}, { spoil });
    expectFailure(outcome, "image-unreadable", "ROOT/gta5/images/00002.png");
  });
  test("a label id outside the map", async () => {
    const source = {
      type: "folder",
      images: "images",
      labels: "labels",
      classes: "cityscapes",
      mapping: { 7: "road" },
    };
    const outcome = await inTemporaryFolder(async (root) => {
      await makeGta5(join(root, "gta5"), 3);
      const gta5 = { ...source, root: join(root, "gta5") };
      return trainWith({ source: gta5, target: gta5 });
    });
    expectFailure(outcome, "label-value", "mapping");
    expect(outcome.err).toMatch(/labels\/\d+\.png.* (0|11|21|23|26)\b/);
  });
  test("source and evaluation of different classes", async () => {
    expectFailure(await trainWith({ target: undefined }), "invalid-value", "target");
    const outcome = await inTemporaryFolder(async (root) => {
      await makeCamvid(join(root, "camvid"), 2);
      return trainWith({ evaluate: { own: { type: "camvid", root: join(root, "camvid") } } });
    });
    expectFailure(outcome, "class-mismatch", "source and own", "classes");
  });
});

describe("configuration", () => {
  test.each([
    ["an unknown key", "train.stpes=3", "unknown-key", ["train.stpes", "did you mean steps"]],
    ["an unknown section", "netwrok.width=1", "unknown-key", ["netwrok", "did you mean network"]],
    ["no evaluation set", "evaluate={}", "invalid-value", ["evaluate: "]],
    ["a wrong type", "train.steps=many", "invalid-value", ["train.steps", "expected number"]],
    [
      "a warm-up longer than the training",
      "train.warmup=9999999",
      "invalid-value",
      ["train.warmup", "train.steps"],
    ],
    [
      "a schedule shorter than the training",
      "train.schedule=2",
      "invalid-value",
      ["train.schedule is 2", "3 steps"],
    ],
    ["a seed without streams", "train.seed=268435456", "invalid-value", ["train.seed"]],
    [
      "an unknown backbone",
      "network.backbone=resnet19",
      "invalid-value",
      ["network.backbone", "did you mean resnet18"],
    ],
    [
      "an unknown decoder",
      "network.decoder=deeplab-v3+",
      "invalid-value",
      ["network.decoder", '"deeplab-v3plus"'],
    ],
    [
      "an unknown output stride",
      "network.outputStride=32",
      "invalid-value",
      ["network.outputStride", "8", "16"],
    ],
    ["an unknown data set", "source.type=gta6", "unknown-name", ["gta6", "did you mean gta5"]],
    [
      "an unknown option of a method",
      "options.cfcontra.temprature=1",
      "unknown-key",
      ["temprature", "did you mean temperature"],
    ],
    ["a size of one number", "sizes.source=[64]", "invalid-value", ["sizes.source"]],
    [
      "a size of three numbers",
      "sizes.source=[96, 64, 3]",
      "invalid-value",
      ["sizes.source", "[width, height]"],
    ],
    [
      "a key inside a list",
      "sizes.source.width=64",
      "invalid-value",
      ["--set sizes.source.width=64", "sizes.source is [64,32]"],
    ],
    ["no equals sign", "train.steps", "invalid-value", ["--set train.steps: ", "key=value"]],
    ["no value", "train.steps=", "invalid-value", ["--set train.steps=: ", "missing"]],
    ["a value that is not YAML", "train.steps=[1,", "invalid-value", ["train.steps=[1,", "YAML"]],
    [
      "a key that every object has",
      "__proto__.polluted=1",
      "invalid-value",
      ["--set __proto__.polluted=1: __proto__ "],
    ],
    [
      "an evaluation set that is a path",
      "evaluate.../../x={type: camvid}",
      "invalid-value",
      ["evaluate"],
    ],
    [
      "an evaluation set outside of the run",
      "evaluate={ '../../x': { type: camvid, root: x } }",
      "invalid-value",
      ["evaluate", "64 letters"],
    ],
    [
      "an evaluation set with a long name",
      `evaluate={ ${"x".repeat(300)}: { type: camvid, root: x } }`,
      "invalid-value",
      ["evaluate", "64 letters"],
    ],
    [
      "an evaluation set called __proto__",
      "evaluate={ __proto__: { type: camvid, root: x } }",
      "invalid-value",
      ["evaluate: __proto__"],
    ],
  ] as const)("%s", async (_, assignment, error, names) => {
    expectFailure(await trainWith({}, { args: ["--set", assignment] }), error, ...names);
  });

  test("an unknown preset", async () => {
    const outcome = await cli("train", "--preset", "street");
    expectError(outcome, "unknown-name", "preset street", "gta5-cityscapes", "mean streets");
  });
  test("an unknown method", async () => {
    const outcome = await trainWith({}, { args: ["--method", "minnet"] });
    expectFailure(outcome, "invalid-value", "method", "did you mean minent");
  });
  test("a missing device", skipUnless(!hasCuda(), "noCuda"), async () => {
    const missing = ["train.device", "cuda", "CUDA"];
    const outcome = await trainWith({}, { args: ["--set", "train.device=cuda"] });
    expectFailure(outcome, "no-device", ...missing);
    await inTemporaryFolder(async (root) => {
      const wanted = ["--data", root, "--set", "train.device=cuda", "--out", join(root, "run")];
      expectError(await cli("train", "--preset", "streets", ...wanted), "no-device", ...missing);
      expect(readdirSync(root).filter((name) => name !== "run")).toEqual([]); // nothing was drawn
    });
  });
  test.each([
    ["cuda:7", "no-device", "cuda:7"],
    ["gpu", "invalid-value", "auto, cpu, cuda or cuda:N"],
    ["cuda:x", "invalid-value", "auto, cpu, cuda or cuda:N"],
  ] as const)("the device %s", skipUnless(!hasCuda(), "noCuda"), async (device, error, name) => {
    const outcome = await trainWith({}, { args: ["--set", `train.device=${device}`] });
    expectFailure(outcome, error, "train.device", name);
  });
  test("broken YAML", async () => {
    await inTemporaryFolder(async (root) => {
      const path = join(root, "broken.yaml");
      await writeFile(path, "source: [1,\n");
      expectError(await cli("train", "--preset", path), "damaged-file", path, "YAML");
    });
  });
});

describe("runs and checkpoints", () => {
  async function trained<T>(use: (run: string, root: string) => Promise<T>): Promise<T> {
    return inTemporaryFolder(async (root) => {
      await makeDomains(root);
      const run = join(root, "run");
      const path = await preset(root, tiny(root, { method: "source-only" }));
      expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
      return use(run, root);
    });
  }
  const checkpoint = "checkpoints/step-0000003.safetensors";

  test("training into a folder that holds a run", async () => {
    await trained(async (run, root) => {
      const before = await readFile(join(run, checkpoint));
      const again = await cli("train", "--preset", join(root, "tiny.yaml"), "--out", run);
      expectError(again, "already-exists", run, `--resume ${run}`, "--out");
      expect((await readFile(join(run, checkpoint))).equals(before)).toBe(true);
    });
  });
  test("a checkpoint for another network, method, or number of classes", async () => {
    await trained(async (run, root) => {
      const wider = await cli("evaluate", run, "--set", "network.width=0.25");
      expectError(wider, "checkpoint-mismatch", join(run, checkpoint), "conv1.weight", "[8,3,7,7]");
      for (const [method, ...more] of [["cfcontra", "--set", "train.steps=4"], ["minent"]]) {
        const set = ["--set", `method=${method}`, ...more];
        const other = await cli("train", "--resume", run, ...set);
        const names = [join(run, checkpoint), "source-only", method as string];
        expectError(other, "checkpoint-mismatch", ...names);
      }
      const classes = await cli(
        "evaluate",
        run,
        "--set",
        `evaluate.camvid={type: camvid, root: ${join(root, "camvid")}}`,
      );
      expectError(classes, "class-mismatch", "road, sidewalk", "camvid", "sky, building");
    });
  });
  test("a truncated checkpoint", async () => {
    await trained(async (run) => {
      await truncate(join(run, checkpoint), 1000);
      expectError(await cli("evaluate", run), "damaged-file", join(run, checkpoint));
    });
  });
  test("a folder without a run", async () => {
    await inTemporaryFolder(async (root) => {
      expectError(await cli("evaluate", root), "not-a-run", root, "config.yaml");
      expectError(await cli("train", "--resume", root), "not-a-run", root, "config.yaml");
    });
  });
  test("predicting a missing folder, an empty one, or a file of another kind", async () => {
    await trained(async (run, root) => {
      const [nowhere, empty] = [join(root, "nowhere"), join(root, "empty")];
      expectError(await cli("predict", run, nowhere), "not-found", nowhere);
      await mkdir(empty);
      expectError(await cli("predict", run, empty), "no-images", empty, ".png");
      const photos = join(root, "camvid");
      expectError(await cli("predict", run, photos, empty), "no-images", empty, ".png");
      const text = join(root, "tiny.yaml");
      expectError(await cli("predict", run, text), "image-unreadable", text);
    });
  });
  test("a setting that only training reads", async () => {
    await trained(async (run, root) => {
      const other = ["--set", `network.weights=${join(root, "other.pth")}`];
      const photo = join(root, "camvid", "train");
      const words = ["network.weights", "leave it out"];
      for (const args of [
        ["evaluate", run],
        ["predict", run, photo],
        ["export", run],
      ]) {
        expectError(await cli(...args, ...other), "conflicting-options", ...words);
      }
      expectError(await cli("evaluate", run, "--set", "train.stepz=1"), "unknown-key", "stepz");
    });
  });
  test("--data for a run, which keeps where its data are", async () => {
    await trained(async (run, root) => {
      const moved = await cli("evaluate", run, "--data", root);
      expectError(moved, "conflicting-options", "--data", "--preset", "evaluate.NAME.root");
    });
  });
});

test("out of memory: the error says what to make smaller", async () => {
  const sizes = { source: [400000, 400000], target: [64, 32], evaluate: [64, 32] };
  const outcome = await trainWith({ sizes });
  expect(outcome.code).toBe(1);
  expect(outcome.err).toMatch(/error: .*(memory|pixel|large)/i);
});

test("options that would have no effect", async () => {
  for (const [option, set] of [
    ["--steps", "pretrain.steps=4"],
    ["--out", "pretrain.run=b"],
    ["--steps", "pretrain={ steps: 5, rate: 0.1 }"],
    ["--out", "pretrain={ steps: 5, rate: 0.1, run: b }"],
  ] as const) {
    const twice = await cli("pretrain", option, "5", "--set", set);
    expectError(twice, "conflicting-options", set, "5");
  }
  const preview = await cli("style", "preview", "streets", "--set", "style.alpha=0.3");
  expectError(preview, "conflicting-options", "style.alpha", "--styles");
  const other = ["--style", "color", "--set", "style.method=coral", "--out", "never"];
  expectError(await cli("style", "apply", "streets", ...other), "conflicting-options", "coral");
  const table = ["--style", "fourier", "--set", "style={ method: color }", "--out", "never"];
  expectError(await cli("style", "apply", "streets", ...table), "conflicting-options", "fourier");
});

test("help lists the commands, and unknown ones are refused", async () => {
  const help = await cli("--help");
  expect(help.code).toBe(0);
  for (const command of ["demo", "train", "evaluate", "predict", "data"]) {
    expect(help.out).toContain(command);
  }
  expect((await cli("tarin")).code).not.toBe(0);
});

test("demo keeps the runs of others, and of an earlier demo if its settings are wrong or it runs", async () => {
  await inTemporaryFolder(async (out) => {
    const config = join(out, "minent", "config.yaml");
    await mkdir(join(out, "minent"));
    await writeFile(config, "");
    expectError(await cli("demo", "--out", out), "already-exists", join(out, "minent"), "--out");
    await writeFile(join(out, "minent", ".demo"), "");
    const release = lockRunFolder(join(out, "minent"));
    expectError(await cli("demo", "--out", out), "run-locked", join(out, "minent"));
    release();
    expectError(await cli("demo", "--out", out, "--set", "train.stepz=5"), "unknown-key", "stepz");
    const demo = (...args: string[]) => cli("demo", "--out", out, ...args);
    const twice = await demo("--seed", "2", "--set", "train.seed=5");
    expectError(twice, "conflicting-options", "train.seed=5", "2");
    expectError(await demo("--set", "method=advent"), "conflicting-options", "minent", "--method");
    const options = await demo("--set", "options.minent.entropy=-1");
    expectError(options, "invalid-value", "options.minent.entropy");
    const idle = await demo("--set", "options.advent.gan=least-squares");
    expectError(idle, "conflicting-options", "options.advent.gan", "only with advent");
    expect(readdirSync(out)).toEqual(["minent"]);
    expect(existsSync(config)).toBe(true);
  });
});
