import { availableParallelism } from "node:os";
import { createWorkers, type Workers } from "../datasets/workers.js";
import { isGpu } from "../torch/index.js";
import type { Config } from "./config.js";

/** More threads would not be faster than images are decoded. */
const MOST = 8;

/**
 * The number of threads that read labels and augment images. By default none on the CPU, where training uses
 * all cores, and half of the process's cores next to a GPU.
 * @param train with a device of this machine
 */
export function workerCount(
  { workers, device }: Pick<Config["train"], "workers" | "device">,
  cores = availableParallelism(),
  processes = Number(process.env.LOCAL_WORLD_SIZE ?? 1),
): number {
  if (workers !== undefined) return workers;
  if (!isGpu(device)) return 0;
  return Math.max(1, Math.min(MOST, Math.floor(cores / 2 / Math.max(1, processes))));
}

/** The threads of a configuration; undefined for none. */
export function workersOf(
  { train }: { readonly train: Pick<Config["train"], "workers" | "device"> },
  warn: (sentence: string) => void,
): Workers | undefined {
  const count = workerCount(train);
  return count > 0 ? createWorkers(count, { warn }) : undefined;
}
