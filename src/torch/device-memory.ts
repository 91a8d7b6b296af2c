import { gpuIndex } from "./device.js";
import { native } from "./native.js";

/** The memory of a GPU that this process uses, in bytes. */
export interface DeviceMemory {
  /** In tensors: now, and at the peak. */
  readonly allocated: number;
  readonly peak: number;
  /** Reserved for tensors, including unused memory. */
  readonly reserved: number;
}

/**
 * The memory of a GPU; undefined for the CPU, and if the addon was built without CUDA's headers. Does not
 * wait for the GPU.
 */
export function deviceMemory(device: string): DeviceMemory | undefined {
  const index = gpuIndex(device);
  if (index === undefined || native.gpuMemory === undefined) return undefined;
  const [allocated, peak, reserved] = native.gpuMemory(index);
  return { allocated, peak, reserved };
}

/** A GPU's free memory, for all processes, and its total memory, in bytes; undefined like `deviceMemory`. */
export function deviceCapacity(device: string): { free: number; total: number } | undefined {
  const index = gpuIndex(device);
  if (index === undefined || native.gpuCapacity === undefined) return undefined;
  const [free, total] = native.gpuCapacity(index);
  return { free, total };
}

/** `deviceMemory` in MiB, for logs; empty if it is undefined. */
export function deviceMebibytes(device: string): { readonly gpuMemory?: DeviceMemory } {
  const memory = deviceMemory(device);
  if (memory === undefined) return {};
  const mebi = (bytes: number) => Math.round(bytes / 2 ** 20);
  const { allocated, peak, reserved } = memory;
  return {
    gpuMemory: { allocated: mebi(allocated), peak: mebi(peak), reserved: mebi(reserved) },
  };
}

/** Resets the peak of `deviceMemory`. */
export function resetDevicePeak(device: string): void {
  const index = gpuIndex(device);
  if (index !== undefined) native.resetGpuPeak?.(index);
}

/** The name of a GPU; undefined for the CPU, and if the addon was built without CUDA's headers. */
export function deviceName(device: string): string | undefined {
  const index = gpuIndex(device);
  return index === undefined ? undefined : native.gpuName?.(index);
}
