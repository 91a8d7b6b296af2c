// A run that trains in seconds and has every kind of state: banks, a teacher, random draws in every step,
// augmentation, a coarse stage, evaluations.
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parse, stringify } from "yaml";
import { openStreets } from "../../dist/datasets/streets/streets.js";

export const BIN = fileURLToPath(new URL("../../bin/cfcontra.js", import.meta.url));

/**
 * Its configuration as YAML, with Streets in a folder; `changes` replace keys.
 * @param {string} folder
 * @param {{ train?: object } & Record<string, unknown>} [options]
 */
export function tinyConfig(folder, { train = {}, ...changes } = {}) {
  const streets = { type: "streets", root: join(folder, "streets") };
  const size = [64, 32];
  return stringify({
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
  });
}

/**
 * Writes the configuration and draws the data in a folder. Returns the path of the configuration.
 * @param {string} folder
 * @param {Parameters<typeof tinyConfig>[1]} [changes]
 */
export async function tinyPreset(folder, changes) {
  const path = join(folder, "tiny.yaml");
  const text = tinyConfig(folder, changes);
  writeFileSync(path, text);
  const { source, target, evaluate } = parse(text);
  for (const { type, root, ...which } of [source, target, evaluate.target]) {
    await openStreets(root, { split: "train", ...which });
  }
  return path;
}
