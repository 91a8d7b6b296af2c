// The thread of workers.ts. A task depends on its input only, so the number of threads does not change a bit.
import { parentPort } from "node:worker_threads";
import { type Augmentation, augmented } from "./augment.js";
import type { Sample, Size } from "./dataset.js";
import type { LabelMap } from "./files/label-maps.js";
import { readTrainIds } from "./files/train-ids.js";

const tasks = {
  trainIds: ({ path, map, size }: { path: string; map: LabelMap; size?: Size }) =>
    readTrainIds(path, map, size),
  augment: (input: { sample: Sample; options: Augmentation; seed: number; k: number }) =>
    augmented(input.sample, input.options, input.seed, input.k),
};

interface Message {
  readonly id: number;
  readonly task: keyof typeof tasks;
  readonly input: never;
}

parentPort?.on("message", async ({ id, task, input }: Message) => {
  try {
    const result = await tasks[task](input);
    const arrays = Object.values(result).filter((part) => part instanceof Uint8Array);
    parentPort?.postMessage(
      { id, result },
      arrays.map((array) => array.buffer as ArrayBuffer), // moved, not copied
    );
  } catch {
    parentPort?.postMessage({ id }); // the caller repeats the work, and reports the error
  }
});
