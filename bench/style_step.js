// Measures AdaIN in its own process. Prints one JSON line.
import { parseArgs } from "node:util";
import { adain, createCoder, lookAt, restyle } from "../dist/style/index.js";
import { libtorchVersion, manualSeed, setThreads } from "../dist/torch/index.js";
import { median } from "./race.js";

const { values } = parseArgs({
  options: {
    width: { type: "string" },
    height: { type: "string" },
    images: { type: "string" },
    threads: { type: "string" },
    precision: { type: "string" },
  },
});
const [width, height] = [Number(values.width), Number(values.height)];
const precision = /** @type {import("../dist/torch/index.js").Precision} */ (values.precision);

setThreads(Number(values.threads));
manualSeed(1);
const coder = createCoder();
for (const parameter of coder.parameters.all.values()) parameter.requiresGrad = false;
const look = adain(coder, { precision });
const image = Uint8Array.from({ length: width * height * 3 }, () => Math.random() * 256);
const sample = { name: "noise", width, height, image };
const statistics = lookAt(look, sample);

/** @type {[number[], number[]]} */
const [all, cpu] = [[], []];
for (let i = 0; i <= Number(values.images); i++) {
  const [began, before] = [performance.now(), process.cpuUsage()];
  restyle(look, sample, statistics, 1);
  const { user, system } = process.cpuUsage(before);
  if (i === 0) continue; // warms up
  all.push((performance.now() - began) / 1000);
  cpu.push((user + system) / 1e6);
}
const peakMiB = process.resourceUsage().maxRSS / 1024;
console.log(
  JSON.stringify({
    seconds: median(all),
    cpuSeconds: median(cpu),
    peakMiB,
    version: libtorchVersion,
  }),
);
