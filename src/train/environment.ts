import { existsSync, readFileSync } from "node:fs";
import { cpus, hostname, totalmem } from "node:os";
import { join } from "node:path";
import { quoted } from "../quoted.js";
import {
  cudaVersion,
  cudnnVersion,
  type DeviceArithmetic,
  deviceCapacity,
  deviceName,
  driverVersion,
  gpuIndex,
  libtorchVersion,
  threads,
} from "../torch/index.js";

/** `environment.json`: command, versions and hardware of a run. */
export interface Environment {
  readonly command: string;
  readonly node: string;
  readonly libtorch: string;
  readonly platform: string;
  readonly processor: string;
  readonly threads: number;
  readonly memoryGiB: number;
  readonly device: string;
  readonly host: string;
  /** Only of a run on a GPU. */
  readonly gpu?: Gpu;
}

/** A GPU, its software, and the settings of its arithmetic. */
export interface Gpu {
  readonly name?: string;
  readonly memoryGiB?: number;
  readonly driver?: string;
  readonly cuda: string;
  readonly cudnn?: string;
  readonly tf32: boolean;
  readonly deterministic: boolean;
  readonly channelsLast: boolean;
  /** `train.graphs`. */
  readonly graphs: boolean;
  /** Whether cuDNN times its algorithms for each shape. */
  readonly benchmark: boolean;
}

/** The environment of this process; `device` is the device of the network. */
export function environment(device: string, arithmetic: DeviceArithmetic): Environment {
  return {
    command: ["cfcontra", ...process.argv.slice(2).map(quoted)].join(" "),
    node: process.versions.node,
    libtorch: libtorchVersion,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    threads: threads(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    device,
    host: hostname(),
    ...(gpuIndex(device) !== undefined && { gpu: gpuOf(device, arithmetic) }),
  };
}

function gpuOf(
  device: string,
  {
    tf32 = false,
    deterministic = false,
    benchmark = false,
    channelsLast = false,
    graphs = false,
  }: DeviceArithmetic,
): Gpu {
  const [name, capacity] = [deviceName(device), deviceCapacity(device)];
  const [driver, cudnn] = [driverVersion(), cudnnVersion()];
  return {
    ...(name !== undefined && { name }),
    ...(capacity && { memoryGiB: Math.round((capacity.total / 2 ** 30) * 10) / 10 }),
    ...(driver !== undefined && { driver }),
    cuda: cudaVersion(),
    ...(cudnn !== undefined && { cudnn }),
    ...{ tf32, deterministic, benchmark, channelsLast, graphs },
  };
}

/** The device in a run's `environment.json`; undefined if the file is missing or damaged. */
export function deviceBefore(out: string): string | undefined {
  const path = join(out, "environment.json");
  if (!existsSync(path)) return undefined;
  try {
    const { device } = JSON.parse(readFileSync(path, "utf8")) as Partial<Environment>;
    // "cuda" of older versions is the first GPU.
    return device === "cuda" ? "cuda:0" : device;
  } catch {
    return undefined; // damaged; the run writes it again
  }
}
