// A run that trains in seconds and has everything that a checkpoint must hold: banks, a teacher, lots
// drawn in every step, augmentation, a coarse stage, evaluations.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { openStreets } from "../../dist/datasets/streets/streets.js";

export const BIN = fileURLToPath(new URL("../../bin/cfcontra.js", import.meta.url));

/** Writes its preset and data into a folder, returns the preset's path; `changes` are laid over its keys. */
export async function tinyPreset(folder, { train = {}, ...changes } = {}) {
  const streets = { type: "streets", root: join(folder, "streets") };
  const size = [64, 32];
  const path = join(folder, "tiny.yaml");
  const config = {
    method: "self-training",
    options: { "self-training": { warmup: 2, sourceImages: 2, targetImages: 2 } },
    source: { ...streets, domain: "source", count: 3 },
    target: { ...streets, domain: "target", count: 3 },
    evaluate: { target: { ...streets, domain: "target", split: "test", count: 1 } },
    sizes: { source: size, target: size, evaluate: size },
    network: { backbone: "resnet18", width: 0.25, head: "linear", init: "he" },
    augment: { flip: true, crop: 0.6 },
    style: { method: "color" },
    train: { batch: 1, rate: 0.001, precision: "bfloat16", seed: 1, ...train },
    ...changes,
  };
  for (const { type, root, ...which } of [config.source, config.target, config.evaluate.target]) {
    await openStreets(root, { split: "train", ...which });
  }
  writeFileSync(path, stringify(config));
  return path;
}
