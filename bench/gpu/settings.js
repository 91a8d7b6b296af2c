// The arguments that every step of `npm run gpu` takes.
//   node bench/gpu/step/equal.js --device cuda:0
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

const { values } = parseArgs({
  options: {
    /** The device to check, against the CPU. */
    device: { type: "string", default: "cuda:0" },
    /** Smallest sizes, for a smoke test: the numbers mean nothing. */
    tiny: { type: "boolean", default: false },
    /** The time limit of the step, for steps that choose what fits. */
    seconds: { type: "string", default: "600" },
  },
});

export const device = values.device;
export const tiny = values.tiny;
export const isGpu = device !== "cpu";

const end = performance.now() + 1000 * Number(values.seconds);

/** Seconds of this step's time limit that are left. */
export const secondsLeft = () => (end - performance.now()) / 1000;

/**
 * Runs `use` with an empty folder that is removed afterwards.
 * @template T
 * @param {(folder: string) => Promise<T>} use
 */
export async function inScratch(use) {
  const folder = mkdtempSync(join(tmpdir(), "cfcontra-gpu-"));
  try {
    return await use(folder);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
