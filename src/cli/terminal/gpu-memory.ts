import type { RunResult } from "../../experiment/run.js";

/** The memory of a GPU, in MiB, as text. */
export const gpuText = ({ peak, reserved }: NonNullable<RunResult["gpuMemory"]>): string =>
  `${peak} MiB in tensors at peak, ${reserved} MiB reserved`;
