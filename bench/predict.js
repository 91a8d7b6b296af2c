// Measures prediction of DeepLab-v2 ResNet-101, with libtorch or exported with ONNX Runtime, in its own
// process. Prints one JSON line.
//   node bench/predict.js --width 1024 --height 512 --images 3 --precision bfloat16
//   node bench/predict.js --onnx
import { parseArgs } from "node:util";
import { predictLabels } from "../dist/evaluate/index.js";
import { arithmeticOf } from "../dist/experiment/device.js";
import { onnxModel } from "../dist/export/index.js";
import { compileNetwork, deeplabV2 } from "../dist/network/index.js";
import {
  deviceMebibytes,
  libtorchVersion,
  manualSeed,
  resetDevicePeak,
  setThreads,
  useDevice,
} from "../dist/torch/index.js";
import { median } from "./race.js";

const { values } = parseArgs({
  options: {
    width: { type: "string", default: "1024" },
    height: { type: "string", default: "512" },
    images: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
    precision: { type: "string", default: "bfloat16" },
    onnx: { type: "boolean", default: false },
    backbone: { type: "string", default: "resnet101" },
    /** Multiplies the channels of the backbone. */
    channels: { type: "string", default: "1" },
    device: { type: "string", default: "cpu" },
    /** Images that are not measured. */
    warmup: { type: "string", default: "1" },
    /** GPUs: as in `train`. */
    tf32: { type: "boolean", default: false },
    graphs: { type: "boolean", default: false },
  },
});
const [width, height] = [Number(values.width), Number(values.height)];
const threads = Number(values.threads);

const { device, tf32, graphs } = values;
const warmup = Number(values.warmup);

setThreads(threads);
const precision = /** @type {import("../dist/torch/index.js").Precision} */ (values.precision);
useDevice(device, arithmeticOf({ train: { tf32, deterministic: false, precision, graphs } }));
manualSeed(1);
const network = deeplabV2({
  ...{ backbone: /** @type {"resnet18" | "resnet101"} */ (values.backbone), classes: 19 },
  ...{ width: Number(values.channels), head: "none", device },
});
const size = { width, height };
const image = Uint8Array.from({ length: 3 * width * height }, () => Math.random() * 256);

/** Predicts the labels of the image with libtorch, like `predict`. */
function ours() {
  const compiled = compileNetwork(network, precision);
  const sample = { name: "noise", ...size, image };
  return async () => predictLabels(compiled, sample, size);
}

/** The same with ONNX Runtime. */
async function exported() {
  const ort = await import("onnxruntime-node");
  const { openSegmenter } = await import("../dist/export/segmenter.js");
  const info = { classes: [], input: network.input, size, title: "benchmark" };
  const model = onnxModel(network, info, { outputs: "labels" });
  const segmenter = await openSegmenter(ort, model, { intraOpNumThreads: threads });
  return () => segmenter.segment({ ...size, data: image });
}

const predict = values.onnx ? await exported() : ours();
/** @type {[number[], number[]]} */
const [seconds, processor] = [[], []];
for (let i = 0; i < warmup + Number(values.images); i++) {
  if (i === Math.min(warmup, 2)) resetDevicePeak(device); // before the capture
  const [began, used] = [performance.now(), process.cpuUsage()];
  await predict();
  const { user, system } = process.cpuUsage(used);
  if (i < warmup) continue;
  seconds.push((performance.now() - began) / 1000);
  processor.push((user + system) / 1e6);
}
const version = values.onnx ? "onnxruntime" : libtorchVersion;
console.log(
  JSON.stringify({
    ...{ seconds: median(seconds), processorSeconds: median(processor), all: seconds, version },
    ...deviceMebibytes(device),
  }),
);
