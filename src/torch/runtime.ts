import { availableParallelism } from "node:os";
import { native } from "./native.js";
import { Tensor } from "./tensor.js";

/** The version of libtorch that the addon was built with; "none" if the addon cannot be loaded. */
export const libtorchVersion: string = native.version;

/** Sets the number of threads of an operator. Default all cores. */
export function setThreads(count: number = availableParallelism()): void {
  native.setThreads(count);
}

/** The number of threads of an operator. */
export const threads = (): number => native.threads();

/** Seeds libtorch's generators. */
export const manualSeed = (seed: number): void => native.manualSeed(seed);

/** The CPU generator's state, uint8, for a checkpoint. */
export const randomState = (): Tensor => new Tensor(native.randomState());
/** Restores the CPU generator's state from `randomState`. */
export const setRandomState = (state: Tensor): void => native.setRandomState(state.handle);

/** Whether this libtorch supports CUDA and finds a device. */
export const hasCuda = (): boolean => native.hasCuda();

/** The number of live tensors, and the bytes of their storages, for leak tests and logs. */
export function liveMemory(): { tensors: number; bytes: number } {
  return { tensors: native.liveTensors(), bytes: native.liveBytes() };
}
