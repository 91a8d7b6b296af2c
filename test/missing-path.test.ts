import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { expect, test } from "vitest";
import { readPreset } from "../src/experiment/presets.js";
import { missingPath, nearestPath } from "../src/missing-path.js";
import { requireRun } from "../src/train/require-run.js";
import { inTemporaryFolder } from "./datasets/fixtures.js";
import { userError } from "./user-error.js";

const inRuns = (use: (root: string) => Promise<void>) =>
  inTemporaryFolder(async (root) => {
    await mkdir(join(root, "runs/demo"), { recursive: true });
    await writeFile(join(root, "runs/demo/config.yaml"), "");
    await writeFile(join(root, "mine.yaml"), "");
    await writeFile(join(root, "Straße 1.JPG"), "");
    await use(root);
  });

test("the nearest path corrects every folder, and keeps the extension", () =>
  inRuns(async (root) => {
    for (const [wrong, right] of [
      ["runs/demoo", "runs/demo"],
      ["rusn/demo", "runs/demo"],
      ["runz/dmo", "runs/demo"],
      ["mime.yaml", "mine.yaml"],
      ["Strasse 1.jpg", "Straße 1.JPG"],
      ["mine.json", undefined],
      ["nope.yaml", undefined],
      ["elsewhere/demo", undefined],
    ] as const) {
      const expected = right === undefined ? undefined : join(root, right);
      expect(nearestPath(join(root, wrong)), wrong).toBe(expected);
    }
    const { code, message } = missingPath(join(root, "runs"), "a video");
    expect(code).toBe("not-found");
    expect(message).not.toContain("mean");
  }));

test("a run that does not exist, is not a run, or is inside of the folder", () =>
  inRuns(async (root) => {
    requireRun(join(root, "runs/demo"));
    const typo = join(root, "runs/demoo");
    await userError(() => requireRun(typo), "not-found", typo, `mean ${join(root, "runs/demo")}?`);
    await userError(() => requireRun(join(root, "runs")), "not-a-run", join(root, "runs/demo"));
    await userError(() => requireRun(root), "not-a-run", join(root, "config.yaml"));
  }));

test("a preset that does not exist: the nearest file, or the nearest preset", () =>
  inRuns(async (root) => {
    const mean = `mean ${join(root, "mine.yaml")}?`;
    const read = (name: string) => () => readPreset(join(root, name));
    await userError(read("mime.yaml"), "not-found", join(root, "mime.yaml"), mean);
    await userError(read("mine"), "unknown-name", mean);
    await userError(read("street.yaml"), "not-found", "mean streets?");
    await userError(read("nope.yaml"), "not-found", join(root, "nope.yaml"));
  }));
