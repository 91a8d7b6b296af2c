import { existsSync, readdirSync } from "node:fs";
import { mkdir, readFile, rm, truncate, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { hasCuda } from "../../src/torch/index.js";
import { inTemporaryFolder, makeCamvid, makeDomains, makeGta5 } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";
import { cli, preset, tiny } from "./cli.js";

/** Runs `train` with a changed configuration on good fixtures that `spoil` has damaged. */
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

/** One sentence of error, after whatever notes came before it. */
function expectSentence(
  { code, err, finished }: Awaited<ReturnType<typeof trainWith>>,
  says: RegExp,
) {
  expect(code).toBe(1);
  expect(finished).toBe(false);
  const errors = err.split("\n").filter((line) => line.startsWith("error: "));
  expect(errors).toHaveLength(1);
  expect(errors[0]).toMatch(says);
  expect(err).not.toMatch(/^\s+at /m);
}

describe("data", () => {
  test("missing folder", async () => {
    const spoil = (root: string) => rm(join(root, "gta5"), { recursive: true });
    expectSentence(await trainWith({}, { spoil }), /ROOT\/gta5/);
  });
  test("empty target: zero images", async () => {
    const spoil = async (root: string) => {
      await rm(join(root, "cityscapes", "leftImg8bit"), { recursive: true });
      await mkdir(join(root, "cityscapes", "leftImg8bit", "train", "aachen"), { recursive: true });
    };
    expectSentence(await trainWith({}, { spoil }), /no images found/);
  });
  test("an image without its label", async () => {
    const spoil = (root: string) => rm(join(root, "gta5", "labels", "00002.png"));
    expectSentence(await trainWith({}, { spoil }), /00002.*without label/);
  });
  test("a truncated image is named", async () => {
    const spoil = (root: string) => truncate(join(root, "gta5", "images", "00002.png"), 300);
    expectSentence(
      await trainWith({}, { spoil }),
      /gta5\/images\/00002\.png: the image cannot be read/,
    );
  });
  test("a label id outside the map", async () => {
    const spoil = async () => {};
    const source = {
      type: "folder",
      images: "images",
      labels: "labels",
      classes: "cityscapes",
      mapping: { 7: "road" },
    };
    const outcome = await inTemporaryFolder(async (root) => {
      await makeGta5(join(root, "gta5"), 3);
      return trainWith(
        {
          source: { ...source, root: join(root, "gta5") },
          target: { ...source, root: join(root, "gta5") },
        },
        { spoil },
      );
    });
    expectSentence(outcome, /labels\/\d+\.png.* (0|11|21|23|26)\b/);
  });
  test("source and evaluation of different classes", async () => {
    const { err, code } = await trainWith({ target: undefined });
    expect(code).toBe(1);
    expect(err).toMatch(/target/);
    const outcome = await inTemporaryFolder(async (root) => {
      await makeCamvid(join(root, "camvid"), 2);
      return trainWith({ evaluate: { own: { type: "camvid", root: join(root, "camvid") } } });
    });
    expectSentence(outcome, /source and own differ in their classes/);
  });
});

describe("configuration", () => {
  test.each([
    ["an unknown key", "train.stpes=3", /train\.stpes is not a known key.*did you mean steps/],
    ["an unknown section", "netwrok.width=1", /netwrok is not a known key.*did you mean network/],
    ["nothing to measure on", "evaluate={}", /evaluate: expected a labelled data set/],
    ["a wrong type", "train.steps=many", /train\.steps.*expected number/],
    [
      "an unknown backbone",
      "network.backbone=resnet19",
      /network\.backbone.*did you mean resnet18/,
    ],
    ["an unknown data set", "source.type=gta6", /gta6.*did you mean gta5/],
    [
      "an unknown option of a method",
      "options.cfcontra.temprature=1",
      /temprature.*did you mean temperature/,
    ],
    ["a size that is no size", "sizes.source=[64]", /sizes\.source/],
    ["a size of three numbers", "sizes.source=[96, 64, 3]", /sizes\.source.*\[width, height\]/],
    ["a key inside a list", "sizes.source.width=64", /sizes\.source is \[64,32\].*set .* whole/],
    ["no equals sign", "train.steps", /expected key=value/],
    ["no value", "train.steps=", /the value is missing/],
    ["a value that is not YAML", "train.steps=[1,", /not valid YAML/],
    ["a key of every object", "__proto__.polluted=1", /__proto__ is not a key/],
    ["an evaluation set that is a path", "evaluate.../../x={type: camvid}", /evaluate/],
    [
      "an evaluation set that leads out of the run",
      "evaluate={ '../../x': { type: camvid, root: x } }",
      /evaluate.*expected a name of at most 64 letters/,
    ],
    [
      "an evaluation set of a long name",
      `evaluate={ ${"x".repeat(300)}: { type: camvid, root: x } }`,
      /expected a name of at most 64 letters/,
    ],
    [
      "an evaluation set called __proto__",
      "evaluate={ __proto__: { type: camvid, root: x } }",
      /evaluate: __proto__ is not a name/,
    ],
  ])("%s", async (_, assignment, says) => {
    expectSentence(await trainWith({}, { args: ["--set", assignment] }), says);
  });

  test("an unknown preset names those there are", async () => {
    const { code, err } = await cli("train", "--preset", "street");
    expect(code).toBe(1);
    expect(err).toMatch(/no preset street: did you mean streets\?/);
  });
  test("an unknown method", async () => {
    expectSentence(
      await trainWith({}, { args: ["--method", "minnet"] }),
      /method.*did you mean minent/,
    );
  });
  test("a device that is not there", skipUnless(!hasCuda(), "noCuda"), async () => {
    expectSentence(await trainWith({}, { args: ["--set", "train.device=cuda"] }), /no CUDA/);
    await inTemporaryFolder(async (root) => {
      const wanted = ["--data", root, "--set", "train.device=cuda", "--out", join(root, "run")];
      const { code, err } = await cli("train", "--preset", "streets", ...wanted);
      expect([code, err]).toEqual([1, expect.stringMatching(/no CUDA/)]);
      expect(readdirSync(root).filter((name) => name !== "run")).toEqual([]); // nothing was drawn
    });
  });
  test("broken YAML", async () => {
    await inTemporaryFolder(async (root) => {
      const path = join(root, "broken.yaml");
      await writeFile(path, "source: [1,\n");
      const { code, err } = await cli("train", "--preset", path);
      expect(code).toBe(1);
      expect(err).toMatch(/broken\.yaml is not valid YAML/);
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
      const { code, err } = await cli("train", "--preset", join(root, "tiny.yaml"), "--out", run);
      expect(code).toBe(1);
      expect(err).toMatch(/already holds a run.*--resume/);
      expect((await readFile(join(run, checkpoint))).equals(before)).toBe(true);
    });
  });
  test("a checkpoint for another network, method, or number of classes", async () => {
    await trained(async (run, root) => {
      const wider = await cli("evaluate", run, "--set", "network.width=0.25");
      expect(wider.code).toBe(1);
      expect(wider.err).toMatch(/is for another network: its .* is \[/);
      const other = await cli(
        "train",
        "--resume",
        run,
        "--set",
        "method=cfcontra",
        "--set",
        "train.steps=4",
      );
      expect(other.code).toBe(1);
      expect(other.err).toMatch(/made by another method/);
      const alike = await cli("train", "--resume", run, "--set", "method=minent");
      expect(alike.err).toMatch(/made by another method, source-only; this run is minent/);
      const classes = await cli(
        "evaluate",
        run,
        "--set",
        `evaluate.camvid={type: camvid, root: ${join(root, "camvid")}}`,
      );
      expect(classes.code).toBe(1);
      expect(classes.err).toMatch(/was trained for road, .*but camvid has sky/);
    });
  });
  test("a truncated checkpoint", async () => {
    await trained(async (run) => {
      await truncate(join(run, checkpoint), 1000);
      const { code, err } = await cli("evaluate", run);
      expect(code).toBe(1);
      expect(err).toMatch(/step-0000003\.safetensors/);
      expect(err).not.toMatch(/bug/);
    });
  });
  test("no run at all", async () => {
    await inTemporaryFolder(async (root) => {
      expect((await cli("evaluate", root)).err).toMatch(/has no checkpoint/);
      expect((await cli("train", "--resume", root)).err).toMatch(/is no run folder/);
    });
  });
  test("predicting what is not there, or no image", async () => {
    await trained(async (run, root) => {
      expect((await cli("predict", run, join(root, "nowhere"))).err).toMatch(
        /nowhere does not exist/,
      );
      await mkdir(join(root, "empty"));
      expect((await cli("predict", run, join(root, "empty"))).err).toMatch(/no images found/);
      expect((await cli("predict", run, join(root, "tiny.yaml"))).err).toMatch(/cannot be read/);
    });
  });
});

test("no memory left: a sentence about what to make smaller", async () => {
  const sizes = { source: [400000, 400000], target: [64, 32], evaluate: [64, 32] };
  const outcome = await trainWith({ sizes });
  expect(outcome.code).toBe(1);
  expect(outcome.err).toMatch(/error: .*(memory|pixel|large)/i);
});

test("help teaches, unknown commands are refused", async () => {
  const help = await cli("--help");
  expect(help.code).toBe(0);
  for (const command of ["demo", "train", "evaluate", "predict", "data"]) {
    expect(help.out).toContain(command);
  }
  expect((await cli("tarin")).code).not.toBe(0);
});
