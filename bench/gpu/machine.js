// Prints the machine as JSON for results.json, `{ machine }`, or `{ reason }` if the device does not exist.
import { existsSync, readFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import {
  cudaVersion,
  cudnnVersion,
  deviceCapacity,
  deviceName,
  deviceNamed,
  driverVersion,
  libtorchVersion,
  useDevice,
} from "../../dist/torch/index.js";
import { commitOf } from "../result-rows.js";
import { device } from "./settings.js";

const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const COMMIT = fileURLToPath(new URL("trip/commit.txt", import.meta.url));

/** The commit of the checkout; of the packed one on a machine without git. */
function commit() {
  try {
    return commitOf(ROOT);
  } catch {
    return existsSync(COMMIT) ? readFileSync(COMMIT, "utf8").trim() : undefined;
  }
}

/** @param {string} name "cuda:0" or "cpu" */
function gpu(name) {
  if (name === "cpu") return {};
  const bytes = deviceCapacity(name)?.total;
  return {
    gpu: deviceName(name),
    ...(bytes !== undefined && { memoryGiB: Math.round((bytes / 2 ** 30) * 10) / 10 }),
    ...{ driver: driverVersion(), cuda: cudaVersion(), cudnn: cudnnVersion() },
  };
}

try {
  const name = deviceNamed(device);
  useDevice(name);
  const machine = {
    ...{ device: name, ...gpu(name), libtorch: libtorchVersion, node: process.versions.node },
    ...{ processor: cpus()[0]?.model.trim(), cores: cpus().length },
    ...{ commit: commit(), date: new Date().toISOString().slice(0, 10) },
  };
  console.log(JSON.stringify({ machine }));
} catch (error) {
  console.log(JSON.stringify({ reason: /** @type {Error} */ (error).message }));
}
