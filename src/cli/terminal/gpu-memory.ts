import type { RunResult } from "../../experiment/run.js";

/** Memory of a GPU, in MiB, in words. */
export const gpuText = ({ peak, reserved }: NonNullable<RunResult["gpuMemory"]>): string =>
  `${peak} MiB in tensors at peak, ${reserved} MiB reserved`;
