import { availableParallelism } from "node:os";
import { native } from "./native.js";
import { Tensor } from "./tensor.js";

/** The version of libtorch that the addon was built with; "none" if the addon cannot be loaded. */
export const libtorchVersion: string = native.version;

/** Threads that one operator uses; all cores unless set. */
export function setThreads(count: number = availableParallelism()): void {
  native.setThreads(count);
}

/** Threads that one operator uses now. */
export const threads = (): number => native.threads();

/** Seeds libtorch's generators. */
export const manualSeed = (seed: number): void => native.manualSeed(seed);

/** The CPU generator's state, uint8, to be saved with a checkpoint. */
export const randomState = (): Tensor => new Tensor(native.randomState());
/** Brings the CPU generator back to a state of `randomState`. */
export const setRandomState = (state: Tensor): void => native.setRandomState(state.handle);

/** Tensors that JavaScript holds now, and the bytes of their storages: for leak tests and logs. */
export function liveMemory(): { tensors: number; bytes: number } {
  return { tensors: native.liveTensors(), bytes: native.liveBytes() };
}
