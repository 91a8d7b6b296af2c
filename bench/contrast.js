// `npm run bench -- contrast`: what the contrastive part of a half step costs, by the number of pixels,
// and which share of a whole step it is. Writes contrast.json.
//   npm run bench -- contrast --threads 2
// Processor seconds of all threads, which other programs disturb less than the clock; the fastest of
// five.
import { writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bootstrapOrExplain } from "../setup/bootstrap.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const CLASSES = 19;
const CHANNELS = 2048;
const WIDTHS = [320, 640, 1280];

const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "contrast"),
  options: {
    threads: { type: "string", default: String(availableParallelism()) },
    out: { type: "string", default: HERE },
    /** A smoke test: small images, whose times mean nothing. */
    short: { type: "boolean", default: false },
  },
});
const threads = Number(values.threads);

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/** Processor seconds of the fastest of five runs, after one that warms up. */
function fastest(run) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 6; i++) {
    const began = cpuSeconds();
    run();
    if (i > 0) best = Math.min(best, cpuSeconds() - began);
  }
  return best;
}

/** Pseudo-labels, both terms with their gradients, and the banks' update: a target half. */
function contrastPart(torch, contrast, width) {
  const { randn, scope } = torch;
  const [h, w] = [width / 16, width / 8];
  const bank = new contrast.MemoryBank(CLASSES, CHANNELS);
  scope(() => bank.initialize(randn([CLASSES, CHANNELS])));
  const features = torch.keep(randn([1, CHANNELS, h, w]));
  features.requiresGrad = true;
  const options = { threshold: 0, distance: "cosine" };
  const run = () =>
    scope(() => {
      const labels = contrast.pseudoLabels(features, bank, options);
      const terms = [bank, bank].map((to) => contrast.contrastiveLoss(features, labels, to, 0.07));
      torch.gradients([terms[0].add(terms[1])], [features]);
      bank.update(torch.noGrad(() => contrast.classMeans(features, labels, CLASSES)));
    });
  const cpu = fastest(run);
  features.dispose();
  return { image: `${width}x${width / 2}`, pixels: h * w, cpuSeconds: cpu };
}

/** The exponent of cost ~ pixels^e, by least squares of the logarithms: 1 is linear. */
function exponent(rows) {
  const points = rows.map(({ pixels, cpuSeconds: y }) => [Math.log(pixels), Math.log(y)]);
  const mean = (i) => points.reduce((sum, point) => sum + point[i], 0) / points.length;
  const [x0, y0] = [mean(0), mean(1)];
  const over = points.reduce((sum, [x, y]) => sum + (x - x0) * (y - y0), 0);
  return over / points.reduce((sum, [x]) => sum + (x - x0) ** 2, 0);
}

/** Processor seconds of a whole step of DeepLab-v2 ResNet-101. */
async function stepSeconds(workload, width, precision) {
  const { before, step } = workload({ width, height: width / 2, precision });
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 3; i++) {
    await before(i);
    const began = cpuSeconds();
    step(i);
    if (i > 0) best = Math.min(best, cpuSeconds() - began);
  }
  return best;
}

if (bootstrapOrExplain()) {
  process.env.OMP_WAIT_POLICY ??= "passive"; // threads that wait would count as busy
  const torch = await import("../dist/torch/index.js");
  const contrast = await import("../dist/contrast/index.js");
  const { workload } = await import("./workload.js");
  torch.setThreads(threads);
  const widths = values.short ? [64, 128, 256] : WIDTHS;
  const rows = widths.map((width) => contrastPart(torch, contrast, width));
  const whole = {};
  for (const precision of ["float32", "bfloat16"]) {
    const seconds = await stepSeconds(workload, widths[0], precision);
    whole[precision] = { cpuSeconds: seconds, share: (2 * rows[0].cpuSeconds) / seconds };
  }
  console.table(rows);
  console.table(whole);
  const results = {
    machine: { cpu: cpus()[0]?.model, threads },
    ...{ classes: CLASSES, channels: CHANNELS, rows, exponent: exponent(rows) },
    step: { image: rows[0].image, ...whole },
  };
  console.log(`cost ~ pixels ^ ${results.exponent.toFixed(2)}`);
  writeFileSync(join(values.out, "contrast.json"), `${JSON.stringify(results, null, 2)}\n`);
} else process.exitCode = 1;
