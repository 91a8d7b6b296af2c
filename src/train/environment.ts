import { cpus, hostname, totalmem } from "node:os";
import { libtorchVersion, threads } from "../torch/index.js";

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
}

/** The environment of this process; `device` is the device of the network. */
export function environment(device: string): Environment {
  return {
    command: ["cfcontra", ...process.argv.slice(2)].join(" "),
    node: process.versions.node,
    libtorch: libtorchVersion,
    platform: `${process.platform} ${process.arch}`,
    processor: cpus()[0]?.model.trim() ?? "unknown",
    threads: threads(),
    memoryGiB: Math.round(totalmem() / 2 ** 30),
    device,
    host: hostname(),
  };
}
