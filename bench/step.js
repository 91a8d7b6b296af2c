// One CFContra training step of ours, in a process of its own: prints one JSON line.
//   node bench/step.js --width 320 --height 160 --steps 3 --precision bfloat16
import { parseArgs } from "node:util";
import { methods } from "../dist/methods/index.js";
import { deeplabV2 } from "../dist/network/index.js";
import { libtorchVersion, manualSeed, setThreads, tensor } from "../dist/torch/index.js";

const { values } = parseArgs({
  options: {
    width: { type: "string", default: "320" },
    height: { type: "string", default: "160" },
    steps: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
    precision: { type: "string", default: "bfloat16" },
  },
});
const [width, height, steps] = [values.width, values.height, values.steps].map(Number);
const classes = 19;

setThreads(Number(values.threads));
manualSeed(1);
const network = deeplabV2({ backbone: "resnet101", classes, head: "moco" });
const { options, create } = methods.cfcontra;
const method = create(
  {
    network,
    precision: values.precision,
    momentum: 0.9,
    weightDecay: 5e-4,
    duplicateUpdates: false,
    headRate: 10,
    gradientNorms: false,
    warn: () => {},
  },
  options.parse({ sourceImages: 1, targetImages: 1 }),
);

const pixels = width * height;
const noise = () => Float32Array.from({ length: 3 * pixels }, () => (Math.random() - 0.5) * 200);
const images = () => tensor(noise(), [1, 3, height, width]);
const random = BigInt64Array.from({ length: pixels }, () =>
  BigInt(Math.floor(Math.random() * classes)),
);
const source = { images: images(), labels: tensor(random, [1, height, width]) };
const target = { images: images() };
const sample = {
  ...{ name: "noise", width, height },
  image: Uint8Array.from({ length: 3 * pixels }, () => Math.random() * 256),
  label: Uint8Array.from({ length: pixels }, () => Math.floor(Math.random() * classes)),
};
const domains = {
  async *samples() {
    yield sample;
  },
};

const all = [];
for (let step = 0; step <= steps; step++) {
  const progress = { step, total: 250000, rate: 2.5e-4 };
  await method.before(progress, domains);
  const began = performance.now();
  method.step({ source, target }, progress);
  if (step > 0) all.push((performance.now() - began) / 1000); // the first one warms up
}
const median = all.toSorted((a, b) => a - b)[Math.floor(all.length / 2)];
const peakMiB = process.resourceUsage().maxRSS / 1024;
console.log(JSON.stringify({ seconds: median, all, peakMiB, version: libtorchVersion }));
