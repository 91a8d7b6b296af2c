import { readFileSync } from "node:fs";
import { UserError } from "../errors.js";
import { native } from "./native.js";

/** The names of devices in settings. `auto` is the first GPU if there is one, else the CPU. */
export const DEVICE_NAME = /^(auto|cpu|cuda(:\d+)?)$/;

/** Number of GPUs that libtorch finds. Does not open one. */
export const gpuCount = (): number => native.gpus();

/** Whether libtorch finds a GPU. */
export const hasCuda = (): boolean => gpuCount() > 0;

/** The index of a GPU, "cuda:1" -> 1; undefined for the CPU. "cuda" is the first GPU. */
export function gpuIndex(device: string): number | undefined {
  const [kind, index = "0"] = device.split(":");
  return kind === "cuda" ? Number(index) : undefined;
}

/**
 * Whether tensors on a device need the forms that are fast on a GPU: few large operators, no waiting. All
 * decisions between the forms for the CPU and those for GPUs ask this function.
 */
export const isGpu = (device: string): boolean => device !== "cpu";

/**
 * The device that a setting names: "cpu" or "cuda:N".
 * @param setting the name of the setting in the error
 * @throws UserError if it does not exist, with the reason
 */
export function deviceNamed(name: string, setting = "the device"): string {
  if (!DEVICE_NAME.test(name)) {
    throw new UserError(
      "invalid-value",
      `${setting} is ${JSON.stringify(name)}: expected auto, cpu, cuda or cuda:N`,
    );
  }
  if (name === "auto") return hasCuda() ? "cuda:0" : "cpu";
  const index = gpuIndex(name);
  if (index === undefined) return "cpu";
  const count = gpuCount();
  if (count === 0) {
    throw new UserError("no-device", `${setting} is ${name}, but ${whyNoGpu()}, or use cpu`);
  }
  if (index >= count) {
    throw new UserError("no-device", `${setting} is ${name}, but this machine has ${gpus(count)}`);
  }
  return `cuda:${index}`;
}

/** "one GPU, cuda:0" or "2 GPUs, cuda:0 to cuda:1". */
const gpus = (count: number): string =>
  count === 1 ? "one GPU, cuda:0" : `${count} GPUs, cuda:0 to cuda:${count - 1}`;

/** Why libtorch has no GPU, and what to do. */
function whyNoGpu(): string {
  if (!native.hasCudaBuild()) {
    return (
      `libtorch ${native.version} was built without CUDA: install one with CUDA, such as pip's torch ` +
      "for CUDA, and run `npx cfcontra setup`"
    );
  }
  const driver = driverVersion();
  const version = driver === undefined ? "no NVIDIA driver is loaded" : `the driver is ${driver}`;
  return (
    `libtorch ${native.version} has CUDA ${cudaVersion()}, but does not find a GPU (${version}): check that ` +
    "`nvidia-smi` lists one, that the driver supports this CUDA, and CUDA_VISIBLE_DEVICES"
  );
}

/** A process among those on its host, and its environment. */
export interface LocalProcess {
  /** Its number on its host. */
  readonly localRank: number;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/**
 * The device of one of several processes. With `auto` and `cuda`, each process uses the GPU of its number on
 * its host; `cuda:N` is shared by all. If a scheduler gives each process one visible GPU, it is cuda:0 in
 * each.
 * @throws UserError if there are fewer GPUs than processes
 */
export function deviceOfProcess(
  name: string,
  { localRank, env }: LocalProcess,
  setting = "the device",
): string {
  const first = deviceNamed(name, setting);
  if (first === "cpu" || isShared(name)) return first;
  const count = gpuCount();
  if (localRank < count) return `cuda:${localRank}`;
  if (count === 1 && env.CUDA_VISIBLE_DEVICES !== undefined) return "cuda:0";
  throw new UserError(
    "no-device",
    `process ${localRank} of this host needs cuda:${localRank}, but there ${count === 1 ? "is" : "are"} ` +
      `${gpus(count)}: start at most ${count} on a host, or set ${setting}=cuda:0 to share one GPU`,
  );
}

/** Whether all processes of a host use the same GPU with this setting. */
export const isShared = (name: string): boolean => name.includes(":");

/** Settings of a GPU's arithmetic. */
export interface DeviceArithmetic {
  /** Allow TF32 in convolutions and matrix products of float32. Default false. */
  readonly tf32?: boolean;
  /** The same bits in every run. Default false. */
  readonly deterministic?: boolean;
  /** Let cuDNN time its algorithms at the first call of each shape. Default: unchanged, initially off. */
  readonly benchmark?: boolean | undefined;
  /**
   * Store weights and activations of networks with channels last, as tensor cores read them in bfloat16.
   * Default false.
   */
  readonly channelsLast?: boolean;
  /** Capture steps as CUDA graphs (cuda-graph.ts), if the addon can. Default false. */
  readonly graphs?: boolean;
}

let exact = false;
let lastChannels = false;
let capturing = false;

/** Whether steps on a device are captured; see `DeviceArithmetic`. */
export const capturesSteps = (device: string): boolean => capturing && isGpu(device);

/** Whether networks on a device store channels last; see `DeviceArithmetic`. */
export const storesChannelsLast = (device: string): boolean => lastChannels && isGpu(device);

/** Whether a tensor needs operators whose gradients have the same bits in every run. */
export const mustBeExact = (x: {
  readonly device: string;
  readonly requiresGrad: boolean;
}): boolean => exact && x.requiresGrad && isGpu(x.device);

/**
 * Makes a device the current one. Call it before any allocation: otherwise the process also opens the
 * first GPU, and cuBLAS does not read its setting.
 * @param device "cpu" or "cuda:N", as `deviceNamed` returns it
 */
export function useDevice(
  device: string,
  {
    tf32 = false,
    deterministic = false,
    benchmark,
    channelsLast = false,
    graphs = false,
  }: DeviceArithmetic = {},
): void {
  const index = gpuIndex(device);
  if (index === undefined) return;
  exact = deterministic;
  lastChannels = channelsLast;
  capturing = graphs && native.beginCapture !== undefined;
  // https://docs.nvidia.com/cuda/cublas/#results-reproducibility
  if (deterministic) process.env.CUBLAS_WORKSPACE_CONFIG ??= ":4096:8";
  native.useGpu(index);
  if (capturing) native.useOwnStream?.(index);
  native.setTf32(tf32);
  native.setCudnnDeterministic(deterministic);
  if (benchmark !== undefined) native.setCudnnBenchmark(benchmark);
}

/** Whether a device has computed everything that was started; true for the CPU. Does not wait. */
export function isIdle(device: string): boolean {
  const index = gpuIndex(device);
  return index === undefined || native.isGpuIdle === undefined || native.isGpuIdle(index);
}

/** The version of NVIDIA's driver; undefined without one, or if it cannot be read. */
export function driverVersion(path = "/proc/driver/nvidia/version"): string | undefined {
  try {
    return /Kernel Module.*?\s(\d+(?:\.\d+)+)\s/.exec(readFileSync(path, "utf8"))?.[1];
  } catch {
    return undefined;
  }
}

/** The version of CUDA that libtorch uses: 13000 -> "13.0". */
export function cudaVersion(): string {
  const [version] = native.cudaVersions();
  return `${Math.floor(version / 1000)}.${Math.floor((version % 1000) / 10)}`;
}

/** The version of cuDNN that libtorch uses: 91300 -> "9.13.0", 8902 -> "8.9.2"; undefined without it. */
export function cudnnVersion(version = native.cudaVersions()[1]): string | undefined {
  if (version === 0) return undefined;
  const unit = version >= 90000 ? 10000 : 1000;
  const minor = Math.floor((version % unit) / 100);
  return `${Math.floor(version / unit)}.${minor}.${version % 100}`;
}
