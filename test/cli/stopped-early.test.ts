import { existsSync, linkSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import {
  fixtureSize,
  inTemporaryFolder,
  makeDomains,
  sceneImage,
  sceneLabel,
  writeImage,
} from "../datasets/fixtures.js";
import { cli, preset, stoppedAt, tiny } from "./cli.js";

describe("Ctrl-C before the first step of a run", () => {
  test("in its pretraining, the message says to repeat the command", async () => {
    await inTemporaryFolder(async (root) => {
      await makeDomains(root);
      const path = await preset(root, tiny(root, { pretrain: { steps: 100000, rate: 0.001 } }));
      const train = ["train", "--preset", path, "--out", join(root, "run")];
      const sign = /pretraining seed \d+ +\d+\/100000/;
      const { code, err } = await stoppedAt(sign, ...train);
      expect(code).toBe(130);
      const pretrained = join(root, "tiny-pretrained-1234");
      expect(err).toContain(` in ${pretrained}; repeat the command to continue`);
      expect(err).not.toContain("--resume");
      const again = await stoppedAt(sign, ...train);
      const stepOf = (text: string) => Number(/stopped after step (\d+) in/.exec(text)?.[1]);
      expect(stepOf(again.err)).toBeGreaterThan(stepOf(err));
    });
  });

  test.each([
    ["train", ["--preset", "PRESET", "--out", "OUT"]],
    ["style", ["train", "PRESET", "--out", "OUT.safetensors"]],
  ])("%s, during the training of AdaIN's coder, saves nothing, and says so", async (name, args) => {
    await inTemporaryFolder(async (root) => {
      await makeDomains(root);
      const training = { steps: 100000, crop: 32, width: 0.0625 };
      const path = await preset(root, tiny(root, { style: { method: "adain", training } }));
      const out = join(root, "out");
      const given = args.map((arg) => arg.replace("PRESET", path).replace("OUT", out));
      const { code, err } = await stoppedAt(/training AdaIN's coder/, name, ...given);
      expect(err).toMatch(
        /^error: stopped after step \d+ of \d+ of the coder's training, which is/m,
      );
      expect(code).toBe(130);
      expect([existsSync(out), existsSync(`${out}.safetensors`)]).toEqual([false, false]);
    });
  });
});

test.each(["ids", "cvat"])(
  "Ctrl-C in predict leaves no labels in the format %s",
  async (format) => {
    await inTemporaryFolder(async (root) => {
      await makeDomains(root);
      const [run, photos, out] = [join(root, "run"), join(root, "photos"), join(root, "out")];
      const path = await preset(root, tiny(root, { method: "source-only" }));
      expect((await cli("train", "--preset", path, "--out", run)).code).toBe(0);
      const photo = join(photos, "0.png");
      await writeImage(photo, sceneImage(sceneLabel(1), 1), fixtureSize);
      for (let i = 1; i < 3000; i++) linkSync(photo, join(photos, `${i}.png`));
      const given = ["predict", run, photos, "--out", out, "--format", format];
      const { code, err } = await stoppedAt(/predicting/, ...given);
      expect([code, err]).toEqual([130, expect.stringMatching(/^error: stopped: nothing/m)]);
      expect(existsSync(out) ? readdirSync(out, { recursive: true }) : []).toEqual([]);
    });
  },
);
