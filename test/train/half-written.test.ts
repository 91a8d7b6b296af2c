import { existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { describe, expect, test } from "vitest";
import { removeHalfWritten } from "../../src/train/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";

function put(folder: string, ...names: readonly string[]): void {
  for (const name of names) {
    mkdirSync(dirname(join(folder, name)), { recursive: true });
    writeFileSync(join(folder, name), "half");
  }
}

const left = (folder: string, names: readonly string[]) =>
  names.filter((name) => existsSync(join(folder, name)));

describe("temporary files of a killed process", () => {
  test("are removed where a run writes them", () =>
    inTemporaryFolder(async (run) => {
      const names = [
        "config.yaml.1-0123abcd.part",
        "class-statistics.json.4711-0123abcd.part",
        "metrics.jsonl.77-0123abcd.part",
        "coder.safetensors.77-0123abcd.part",
        "style.safetensors.77-0123abcd.part",
        "report.html.77-0123abcd.part",
        "checkpoints/step-0000200.safetensors.77-0123abcd.part",
        "style/000-content.jpg.77-0123abcd.part",
        "previews/a set/003/name.txt.77-0123abcd.part",
        "previews/val/003/step-0000500-entropy.png.77-0123abcd.part",
      ];
      const whole = ["config.yaml", "checkpoints/step-0000100.safetensors"];
      put(run, ...names, ...whole);
      removeHalfWritten(run);
      expect(left(run, names)).toEqual([]);
      expect(left(run, whole)).toEqual(whole);
    }));

  test("stay under other names and in other folders", () =>
    inTemporaryFolder(async (run) => {
      const names = [
        "movie.mkv.1234-0123abcd.part",
        "config.yaml.part",
        "config.yaml.77-0123abcd.part.bak",
        "my-config.yaml.77-0123abcd.part",
        "downloads/config.yaml.77-0123abcd.part",
        "checkpoints/config.yaml.77-0123abcd.part",
        "checkpoints/old/step-0000200.safetensors.77-0123abcd.part",
        "checkpoints/step-best.safetensors.77-0123abcd.part",
        "previews/val/truth.png.77-0123abcd.part",
        "previews/val/mine/truth.png.77-0123abcd.part",
        "style/notes/000-content.jpg.77-0123abcd.part",
        "tensorboard/events.out.tfevents.1.host.77-0123abcd.part",
      ];
      put(run, ...names);
      mkdirSync(join(run, "status.json.77-0123abcd.part"));
      removeHalfWritten(run);
      expect(left(run, names)).toEqual(names);
      expect(existsSync(join(run, "status.json.77-0123abcd.part"))).toBe(true);
    }));

  test("stay behind links", () =>
    inTemporaryFolder(async (root) => {
      const run = join(root, "run");
      mkdirSync(join(run, "previews"), { recursive: true });
      put(
        root,
        "weights/step-0000200.safetensors.77-0123abcd.part",
        "pictures/000/truth.png.77-0123abcd.part",
      );
      put(root, "status.json.1-0123abcd.part");
      symlinkSync(join(root, "weights"), join(run, "checkpoints"));
      symlinkSync(join(root, "pictures"), join(run, "previews", "val"));
      symlinkSync(
        join(root, "status.json.1-0123abcd.part"),
        join(run, "status.json.2-0123abcd.part"),
      );
      symlinkSync(".", join(run, "one"));
      symlinkSync(".", join(run, "two")); // a walk that follows both does not end
      removeHalfWritten(run);
      expect(readdirSync(join(root, "weights"))).toHaveLength(1);
      expect(readdirSync(join(root, "pictures", "000"))).toHaveLength(1);
      expect(readdirSync(run)).toContain("status.json.2-0123abcd.part");
    }));
});
