import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createCoder, saveCoder } from "../../src/style/index.js";
import { dispose } from "../../src/torch/index.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { cli, expectError, preset, tiny } from "./cli.js";

const training = { width: 0.05, reproduce: 3, steps: 2, batch: 1, crop: 16 };

/** Calls `use` with a preset on fixtures, with a style. */
async function withStyle<T>(
  style: object,
  use: (root: string, path: string) => Promise<T>,
): Promise<T> {
  return inTemporaryFolder(async (root) => {
    await makeDomains(root);
    return use(root, await preset(root, tiny(root, { method: "source-only", style })));
  });
}

const weights = (run: string) => readFileSync(join(run, "checkpoints/step-0000003.safetensors"));
const scoresIn = (file: string) => JSON.parse(readFileSync(file, "utf8")).scores;

describe("adain", () => {
  test("trains and saves a coder, and predicts with it if both domains are restyled", async () => {
    await withStyle(
      { method: "adain", domains: "both", images: 2, training },
      async (root, path) => {
        const run = join(root, "run");
        const { code, err } = await cli("train", "--preset", path, "--out", run);
        expect(err).not.toMatch(/error/);
        expect(code).toBe(0);
        const json = join(root, "scores.json");
        await cli("evaluate", run, "--json", json);
        expect(scoresIn(json)).toEqual(scoresIn(join(run, "result.json")));

        const coder = join(run, "coder.safetensors");
        await rm(coder);
        const refused = await cli("evaluate", run);
        expectError(refused, "not-found", coder, "--set style.method=none");
        expect((await cli("evaluate", run, "--set", "style.method=none")).code).toBe(0);

        const other = createCoder(0.05);
        saveCoder(coder, other);
        dispose(other.parameters.all);
        expectError(await cli("evaluate", run), "checkpoint-mismatch", coder);
        expect((await cli("predict", run, join(root, "camvid", "train"))).code).toBe(1);
      },
    );
  });

  test("a shared coder is trained once; a run that reads it equals the run that trained it", async () => {
    await withStyle({ method: "adain", training }, async (root, path) => {
      const coder = ["--set", `style.coder=${join(root, "shared", "coder.safetensors")}`];
      const [first, second] = [join(root, "first"), join(root, "second")];
      const made = await cli("train", "--preset", path, "--out", first, ...coder);
      expect(made.err).toMatch(/coder\.safetensors does not exist yet/);
      const read = await cli("train", "--preset", path, "--out", second, ...coder);
      expect(read.err).not.toMatch(/does not exist yet/);
      expect(weights(second).equals(weights(first))).toBe(true);
    });
  });

  test("four style images at alpha 0.5, with the colours of the content", async () => {
    const style = { method: "adain", images: 4, alpha: 0.5, preserveColor: true, training };
    await withStyle(style, async (root, path) => {
      const { code, err } = await cli("train", "--preset", path, "--out", join(root, "run"));
      expect(err).not.toMatch(/error/);
      expect(code).toBe(0);
    });
  });
});

describe("a checkpoint records its coarse stage", () => {
  test("and refuses another configuration, or other statistics", async () => {
    await withStyle({ method: "color", domains: "both" }, async (root, path) => {
      const run = join(root, "run");
      await cli("train", "--preset", path, "--out", run);
      const evaluate = (...args: string[]) => cli("evaluate", run, ...args);
      const weaker = await evaluate("--set", "style.alpha=0.5");
      const values = ["style.method color", "style.alpha 1", "style.alpha 0.5"];
      expectError(weaker, "checkpoint-mismatch", ...values);
      const onlySource = await evaluate("--set", "style.domains=source");
      expectError(onlySource, "checkpoint-mismatch", "style.domains both", "style.domains source");
      const statistics = join(run, "style.safetensors");
      const bytes = await readFile(statistics);
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      await writeFile(statistics, bytes);
      expectError(await evaluate(), "checkpoint-mismatch", statistics);
    });
  });

  test("with the window of fourier", async () => {
    await withStyle({ method: "fourier", domains: "both", beta: 0.1 }, async (root, path) => {
      const run = join(root, "run");
      await cli("train", "--preset", path, "--out", run);
      const narrower = await cli("evaluate", run, "--set", "style.beta=0.05");
      expectError(narrower, "checkpoint-mismatch", "style.beta 0.1", "style.beta 0.05");
      expect((await cli("evaluate", run)).code).toBe(0);
    });
  });

  test("and the absence of one", async () => {
    await withStyle({ method: "none" }, async (root, path) => {
      const run = join(root, "run");
      await cli("train", "--preset", path, "--out", run);
      const set = ["--set", "style.method=color", "--set", "style.domains=both"];
      const outcome = await cli("evaluate", run, ...set);
      expectError(outcome, "checkpoint-mismatch", "no coarse stage", "style.method color");
    });
  });
});

describe("statistics and coder of a start that came to no checkpoint", () => {
  test("are not those of a new run in the folder", async () => {
    await withStyle({ method: "color", domains: "both" }, async (root, path) => {
      const statistics = join(root, "run", "style.safetensors");
      await mkdir(join(root, "run"));
      await writeFile(statistics, "?");
      const { code, err } = await cli("train", "--preset", path, "--out", join(root, "run"));
      expect(code).toBe(0);
      expect(err).toContain(`removed ${statistics}, which an earlier start had saved`);
    });
  });

  test("are kept by --resume, unless a setting has changed that they depend on", async () => {
    await withStyle({ method: "color", domains: "both" }, async (root, path) => {
      const run = join(root, "run");
      await cli("train", "--preset", path, "--out", run);
      await rm(join(run, "checkpoints"), { recursive: true });
      const statistics = join(run, "style.safetensors");
      await writeFile(statistics, "?");
      const resume = (...set: string[]) =>
        cli("train", "--resume", run, ...set.flatMap((one) => ["--set", one]));
      expectError(await resume("train.batch=2"), "damaged-file", statistics);
      expect((await resume("train.batch=2", "style.alpha=0.5")).code).toBe(0);
    });
  });

  test("a coder of one's own in the folder is used", async () => {
    await withStyle({ method: "adain", training }, async (root, path) => {
      const [run, coder] = [join(root, "run"), join(root, "run", "coder.safetensors")];
      await mkdir(run);
      const own = createCoder(0.05);
      saveCoder(coder, own);
      dispose(own.parameters.all);
      const before = await readFile(coder);
      const set = ["--set", `style.coder=${coder}`];
      const { code, err } = await cli("train", "--preset", path, "--out", run, ...set);
      expect([code, err]).toEqual([0, expect.not.stringContaining("does not exist yet")]);
      expect(before.equals(await readFile(coder))).toBe(true);
    });
  });
});

describe("bad input", () => {
  /** The outcome of training with a style, on fixtures that `spoil` has damaged. */
  const train = async (style: object, spoil = async (_: string) => {}) =>
    withStyle(style, async (root, path) => {
      await spoil(root);
      const run = join(root, "run");
      const outcome = await cli("train", "--preset", path, "--out", run);
      expect(existsSync(join(run, "checkpoints"))).toBe(false);
      return outcome;
    });

  test("alpha out of range, and preserved colours if the style changes only colours", async () => {
    expectError(
      await train({ method: "color", alpha: 1.5 }),
      "invalid-value",
      "style.alpha",
      "<=1",
    );
    const colours = await train({ method: "color", preserveColor: true });
    expectError(colours, "invalid-value", "style.preserveColor", "style.method adain");
    const both = { method: "adain", preserveColor: true, domains: "both" };
    expectError(await train(both), "invalid-value", "style.preserveColor", "common look");
  });
  test("a file that is not a coder, and a coder of another format", async () => {
    const coder = "broken.safetensors";
    const spoil = (root: string) => writeFile(join(root, coder), "no tensors");
    const at = (name: string) => ({ method: "adain", coder: name });
    await inTemporaryFolder(async (folder) => {
      await spoil(folder);
      const broken = join(folder, coder);
      expectError(await train(at(broken)), "damaged-file", broken, "safetensors");
      const decoder = join(folder, "decoder.pth");
      const published = "{ encoder: vgg_normalised.pth, decoder: decoder.pth }";
      expectError(await train(at(decoder)), "unsupported-file", decoder, published);
      const encoder = join(folder, "vgg.pth");
      expectError(await train(at({ encoder } as never)), "not-found", encoder);
    });
  });
  test("an empty folder of style images", async () => {
    const spoil = async (root: string) => {
      const folder = join(root, "cityscapes", "leftImg8bit");
      await rm(folder, { recursive: true });
      await mkdir(join(folder, "train", "aachen"), { recursive: true });
    };
    expectError(await train({ method: "color" }, spoil), "no-images", "leftImg8bit/train");
  });
});

test("one style image is enough", async () => {
  await withStyle({ method: "adain", images: 4, training }, async (root, path) => {
    const [from, to] = ["train", "one"].map((name) => join(root, "camvid", name)) as [
      string,
      string,
    ];
    await mkdir(to);
    const name = (await readdir(from))[0] as string;
    await copyFile(join(from, name), join(to, name));
    const target = `target={type: folder, root: ${join(root, "camvid")}, images: one, classes: cityscapes}`;
    const { code, err } = await cli(
      ...["train", "--preset", path, "--out", join(root, "run"), "--set", target],
    );
    expect(err).not.toMatch(/error/);
    expect(code).toBe(0);
  });
});
