import { execFileSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { lastJson } from "../race.js";

const STEP = fileURLToPath(new URL("../step.js", import.meta.url));
const PREDICT = fileURLToPath(new URL("../predict.js", import.meta.url));

/** The network and the size of the images in a smoke test. */
export const SMALL = [
  "--backbone",
  "resnet18",
  "--channels",
  "0.25",
  "--width",
  "64",
  "--height",
  "32",
];

/** @typedef {import("../race.js").Run & { gpuMemory?: { peak: number, reserved: number } }} Timed */

/**
 * Times our training step at 640x320 in its own process.
 * @param {{ device: string, precision: "float32" | "bfloat16", batch: number, warmup: number, steps: number,
 *   tf32?: boolean, deterministic?: boolean, graphs?: boolean, small?: boolean, seconds?: number }} options
 * @returns {Timed}
 */
export function timeOfStep({ device, precision, batch, warmup, steps, seconds = 600, ...options }) {
  return timed(seconds, [
    ...[STEP, "--device", device, "--precision", precision, "--batch", `${batch}`],
    ...["--warmup", `${warmup}`, "--steps", `${steps}`],
    ...(options.small ? SMALL : ["--width", "640", "--height", "320"]),
    ...(options.tf32 ? ["--tf32"] : []),
    ...(options.deterministic ? ["--deterministic"] : []),
    ...(options.graphs ? ["--graphs"] : []),
  ]);
}

/**
 * Times our prediction at 1024x512 in its own process, from bytes to labels.
 * @param {{ device: string, precision: "float32" | "bfloat16", warmup: number, images: number,
 *   tf32?: boolean, graphs?: boolean, small?: boolean, seconds?: number }} options
 * @returns {Timed}
 */
export function timeOfPrediction({ device, precision, warmup, images, seconds = 600, ...options }) {
  return timed(seconds, [
    ...[PREDICT, "--device", device, "--precision", precision],
    ...["--warmup", `${warmup}`, "--images", `${images}`],
    ...(options.small ? SMALL : []),
    ...(options.tf32 ? ["--tf32"] : []),
    ...(options.graphs ? ["--graphs"] : []),
  ]);
}

/** @param {number} seconds @param {string[]} args @returns {Timed} */
function timed(seconds, args) {
  const options = { encoding: /** @type {const} */ ("utf8"), timeout: Math.round(1000 * seconds) };
  return lastJson(execFileSync(process.execPath, args, options));
}
