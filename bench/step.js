// Measures a CFContra training step in its own process. Prints one JSON line.
//   node bench/step.js --width 320 --height 160 --steps 3 --precision bfloat16
//   node bench/step.js --device cuda:0 --width 640 --height 320 --batch 4 --warmup 10 --steps 30
// With a GPU, a step ends when its losses are read, as in training.
import { parseArgs } from "node:util";
import { arithmeticOf } from "../dist/experiment/device.js";
import {
  deviceMebibytes,
  libtorchVersion,
  resetDevicePeak,
  setThreads,
  useDevice,
} from "../dist/torch/index.js";
import { median } from "./race.js";
import { workload } from "./workload.js";

const { values } = parseArgs({
  options: {
    width: { type: "string", default: "320" },
    height: { type: "string", default: "160" },
    steps: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
    precision: { type: "string", default: "bfloat16" },
    batch: { type: "string", default: "1" },
    backbone: { type: "string", default: "resnet101" },
    /** Multiplies the channels of the backbone. */
    channels: { type: "string", default: "1" },
    device: { type: "string", default: "cpu" },
    /** Steps that are not measured. */
    warmup: { type: "string", default: "1" },
    /** GPUs: as in `train`. */
    tf32: { type: "boolean", default: false },
    deterministic: { type: "boolean", default: false },
    graphs: { type: "boolean", default: false },
  },
});
const [width, height, batch] = [values.width, values.height, values.batch].map(Number);
const backbone = /** @type {"resnet18" | "resnet101"} */ (values.backbone);
const channels = Number(values.channels);
const { device, tf32, deterministic, graphs } = values;
const warmup = Number(values.warmup);
const precision = /** @type {import("../dist/torch/index.js").Precision} */ (values.precision);
setThreads(Number(values.threads));
useDevice(device, arithmeticOf({ train: { tf32, deterministic, precision, graphs } }));
const { before, step } = workload({
  ...{ width: width ?? 0, height: height ?? 0, precision, batch: batch ?? 1 },
  ...{ device, backbone, channels },
});

/** The peak of memory is that of later steps: of a captured step, it is that of the capture. */
const FIRST = Math.min(warmup, 2);
const all = [];
const cpu = [];
for (let i = 0; i < warmup + Number(values.steps); i++) {
  if (i === FIRST) resetDevicePeak(device);
  await before(i);
  const began = performance.now();
  const used = process.cpuUsage();
  step(i);
  if (i < warmup) continue;
  const { user, system } = process.cpuUsage(used);
  all.push((performance.now() - began) / 1000);
  cpu.push((user + system) / 1e6);
}
const peakMiB = process.resourceUsage().maxRSS / 1024;
const report = { seconds: median(all), all, cpuSeconds: median(cpu), peakMiB };
console.log(JSON.stringify({ ...report, ...deviceMebibytes(device), version: libtorchVersion }));
