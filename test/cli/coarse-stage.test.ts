import { existsSync, readFileSync } from "node:fs";
import { copyFile, mkdir, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { createCoder, saveCoder } from "../../src/style/index.js";
import { dispose } from "../../src/torch/index.js";
import { inTemporaryFolder, makeDomains } from "../datasets/fixtures.js";
import { cli, preset, tiny } from "./cli.js";

const training = { width: 0.05, reproduce: 3, steps: 2, batch: 1, crop: 16 };

/** A preset on fixtures, with a style. */
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
  test("trains a coder, keeps it, and predicts behind it where both domains are restyled", async () => {
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

        await rm(join(run, "coder.safetensors"));
        const refused = await cli("evaluate", run);
        expect(refused.code).toBe(1);
        expect(refused.err).toMatch(/coder\.safetensors is missing; --set style\.method=none/);
        expect((await cli("evaluate", run, "--set", "style.method=none")).code).toBe(0);

        const other = createCoder(0.05);
        saveCoder(join(run, "coder.safetensors"), other);
        dispose(other.parameters.all);
        expect((await cli("evaluate", run)).err).toMatch(/not what the network was trained behind/);
        expect((await cli("predict", run, join(root, "camvid", "train"))).code).toBe(1);
      },
    );
  });

  test("a coder in a shared file is made once; the runs that read it are the one that made it", async () => {
    await withStyle({ method: "adain", training }, async (root, path) => {
      const coder = ["--set", `style.coder=${join(root, "shared", "coder.safetensors")}`];
      const [first, second] = [join(root, "first"), join(root, "second")];
      const made = await cli("train", "--preset", path, "--out", first, ...coder);
      expect(made.err).toMatch(/coder\.safetensors does not exist yet: the coder is trained now/);
      const read = await cli("train", "--preset", path, "--out", second, ...coder);
      expect(read.err).not.toMatch(/does not exist yet/);
      expect(weights(second).equals(weights(first))).toBe(true);
    });
  });

  test("four styles, half of them, in the content's own colours", async () => {
    const style = { method: "adain", images: 4, alpha: 0.5, preserveColor: true, training };
    await withStyle(style, async (root, path) => {
      const { code, err } = await cli("train", "--preset", path, "--out", join(root, "run"));
      expect(err).not.toMatch(/error/);
      expect(code).toBe(0);
    });
  });
});

describe("a checkpoint knows the stage it was trained behind", () => {
  test("and refuses another configuration, or another look", async () => {
    await withStyle({ method: "color", domains: "both" }, async (root, path) => {
      const run = join(root, "run");
      await cli("train", "--preset", path, "--out", run);
      const refusal = async (...args: string[]) => (await cli("evaluate", run, ...args)).err;
      expect(await refusal("--set", "style.alpha=0.5")).toMatch(
        /trained behind style\.method color, .* style\.alpha 1, but .* style\.alpha 0\.5/,
      );
      expect(await refusal("--set", "style.domains=source")).toMatch(/trained behind/);
      const statistics = join(run, "style.safetensors");
      const bytes = await readFile(statistics);
      bytes[bytes.length - 1] = (bytes.at(-1) as number) ^ 1;
      await writeFile(statistics, bytes);
      expect(await refusal()).toMatch(
        /style\.safetensors: not what the network was trained behind/,
      );
    });
  });

  test("or that there was none", async () => {
    await withStyle({ method: "none" }, async (root, path) => {
      const run = join(root, "run");
      await cli("train", "--preset", path, "--out", run);
      const set = ["--set", "style.method=color", "--set", "style.domains=both"];
      expect((await cli("evaluate", run, ...set)).err).toMatch(/trained behind no coarse stage/);
    });
  });
});

describe("bad input", () => {
  const refusal = async (style: object, spoil = async (_: string) => {}) =>
    withStyle(style, async (root, path) => {
      await spoil(root);
      const run = join(root, "run");
      const { code, err } = await cli("train", "--preset", path, "--out", run);
      expect(code).toBe(1);
      expect(err).not.toMatch(/bug|^\s+at /m);
      expect(existsSync(join(run, "checkpoints"))).toBe(false);
      return err.replaceAll(root, "ROOT");
    });

  test("alpha out of range, colours preserved where only colours change", async () => {
    expect(await refusal({ method: "color", alpha: 1.5 })).toMatch(/style\.alpha: .*<=1/);
    expect(await refusal({ method: "color", preserveColor: true })).toMatch(
      /style\.preserveColor: is for style\.method adain/,
    );
    const both = { method: "adain", preserveColor: true, domains: "both" };
    expect(await refusal(both)).toMatch(/which one common look cannot/);
  });
  test("a coder that is none, or is called like none", async () => {
    const coder = "broken.safetensors";
    const spoil = (root: string) => writeFile(join(root, coder), "no tensors");
    const at = (name: string) => ({ method: "adain", coder: name });
    await inTemporaryFolder(async (folder) => {
      await spoil(folder);
      expect(await refusal(at(join(folder, coder)))).toMatch(/no readable safetensors file/);
      expect(await refusal(at(join(folder, "decoder.pth")))).toMatch(
        /decoder\.pth does not exist; .* \{ encoder: vgg_normalised\.pth/,
      );
      const encoder = { encoder: join(folder, "vgg.pth") };
      expect(await refusal(at(encoder as never))).toMatch(/vgg\.pth/);
    });
  });
  test("an empty folder of style images", async () => {
    const spoil = async (root: string) => {
      const folder = join(root, "cityscapes", "leftImg8bit");
      await rm(folder, { recursive: true });
      await mkdir(join(folder, "train", "aachen"), { recursive: true });
    };
    expect(await refusal({ method: "color" }, spoil)).toMatch(/no images found/);
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
