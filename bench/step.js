// Measures a CFContra training step in its own process. Prints one JSON line.
//   node bench/step.js --width 320 --height 160 --steps 3 --precision bfloat16
import { parseArgs } from "node:util";
import { libtorchVersion, setThreads } from "../dist/torch/index.js";
import { median } from "./race.js";
import { workload } from "./workload.js";

const { values } = parseArgs({
  options: {
    width: { type: "string", default: "320" },
    height: { type: "string", default: "160" },
    steps: { type: "string", default: "3" },
    threads: { type: "string", default: "2" },
    precision: { type: "string", default: "bfloat16" },
  },
});
const [width, height] = [Number(values.width), Number(values.height)];
const precision = /** @type {import("../dist/torch/index.js").Precision} */ (values.precision);
setThreads(Number(values.threads));
const { before, step } = workload({ width, height, precision });

const all = [];
const cpu = [];
for (let i = 0; i <= Number(values.steps); i++) {
  await before(i);
  const began = performance.now();
  const used = process.cpuUsage();
  step(i);
  if (i === 0) continue; // the first one warms up
  const { user, system } = process.cpuUsage(used);
  all.push((performance.now() - began) / 1000);
  cpu.push((user + system) / 1e6);
}
const peakMiB = process.resourceUsage().maxRSS / 1024;
const report = { seconds: median(all), all, cpuSeconds: median(cpu), peakMiB };
console.log(JSON.stringify({ ...report, version: libtorchVersion }));
