// Trainings on Streets, in this process and by the command line.
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { stringify } from "yaml";
import { openExperiment } from "../../dist/index.js";

const CLI = fileURLToPath(new URL("../../bin/cfcontra.js", import.meta.url));

/** @typedef {import("../../dist/index.js").Preset} Preset */

/**
 * A small configuration of Streets, whose scenes are drawn below the folder of the data.
 * @param {string} device
 * @param {{ width: number, count: number, train?: object, [key: string]: unknown }} options `width` of
 *   images, which are half as high; `count` of the scenes to train on; and keys to change
 */
export function streets(device, { width, count, train = {}, ...changes }) {
  const size = [width, width / 2];
  /** @param {string} domain @param {string} split @param {number} scenes */
  const set = (domain, split, scenes) => ({
    ...{ type: "streets", root: "streets", domain, split, count: scenes },
  });
  const preset = {
    method: "minent",
    source: set("source", "train", count),
    target: set("target", "train", count),
    evaluate: { target: set("target", "test", Math.ceil(count / 4)) },
    sizes: { source: size, target: size, evaluate: size },
    network: { backbone: "resnet18", width: 0.25, head: "moco", init: "he" },
    ...changes,
    train: { batch: 2, rate: 0.01, headRate: 1, precision: "float32", seed: 1, device, ...train },
  };
  return /** @type {Preset} */ (preset);
}

const listener = { note: console.error, progress: () => {} };

/**
 * Trains in this process.
 * @param {Preset} preset
 * @param {{ data: string, out: string }} folders
 * @returns the scalars of every step, and the mIoU at the end
 */
export async function trained(preset, { data, out }) {
  const scalars = [];
  let miou = Number.NaN;
  for await (const event of openExperiment(preset, { data, listener }).train({ out })) {
    if (event.type === "step") scalars.push(event.scalars);
    if (event.type === "end") miou = event.result.scores.target?.miou ?? Number.NaN;
  }
  return { scalars, miou };
}

/**
 * Writes a preset for the command line and returns its path.
 * @param {string} folder
 * @param {string} name
 * @param {Preset} preset
 */
export function written(folder, name, preset) {
  const path = join(folder, `${name}.yaml`);
  writeFileSync(path, stringify(preset));
  return path;
}

/**
 * Runs `cfcontra`; its messages go to the log.
 * @param {readonly string[]} args
 */
export function cfcontra(args) {
  const { status, stdout, stderr } = spawnSync(process.execPath, [CLI, ...args], {
    encoding: "utf8",
    maxBuffer: 1 << 28,
  });
  process.stderr.write(stderr);
  return { status, stdout, stderr };
}

/**
 * The same, for a command that must succeed.
 * @param {readonly string[]} args
 */
export function succeed(...args) {
  const { status, stdout, stderr } = cfcontra(args);
  if (status === 0) return stdout;
  const last = stderr.trimEnd().split("\n").at(-1);
  throw new Error(`cfcontra ${args[0]} ended with ${status}: ${last}`);
}
