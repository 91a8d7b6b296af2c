// `npm run bench -- contrast`: measures the contrastive part of a half step by the number of pixels, and
// its share of a whole step. Writes contrast.json.
//   npm run bench -- contrast --threads 2
// Processor seconds of all threads, which depend less on other programs than wall-clock time; the fastest
// of five.
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
    /** A smoke test with small images; its times are meaningless. */
    short: { type: "boolean", default: false },
  },
});
const threads = Number(values.threads);

function cpuSeconds() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1e6;
}

/**
 * Processor seconds of the fastest of five runs, after a warm-up run.
 * @param {() => void} run
 */
function fastest(run) {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 0; i < 6; i++) {
    const began = cpuSeconds();
    run();
    if (i > 0) best = Math.min(best, cpuSeconds() - began);
  }
  return best;
}

/**
 * The contrastive part of a target half step: pseudo-labels, both terms with gradients, and the update of
 * the bank.
 * @param {typeof import("../dist/torch/index.js")} torch
 * @param {typeof import("../dist/contrast/index.js")} contrast
 * @param {number} width
 */
function contrastPart(torch, contrast, width) {
  const { randn, scope } = torch;
  const [h, w] = [width / 16, width / 8];
  const bank = new contrast.MemoryBank(CLASSES, CHANNELS);
  scope(() => bank.initialize(randn([CLASSES, CHANNELS])));
  const features = torch.keep(randn([1, CHANNELS, h, w]));
  features.requiresGrad = true;
  const options = /** @type {const} */ ({ threshold: 0, distance: "cosine" });
  const run = () =>
    scope(() => {
      const labels = contrast.pseudoLabels(features, bank, options);
      const term = () => contrast.contrastiveLoss(features, labels, bank, 0.07);
      torch.gradients([term().add(term())], [features]);
      bank.update(torch.noGrad(() => contrast.classMeans(features, labels, CLASSES)));
    });
  const cpu = fastest(run);
  features.dispose();
  return { image: `${width}x${width / 2}`, pixels: h * w, cpuSeconds: cpu };
}

/**
 * The exponent of cost ~ pixels^e, by least squares of the logarithms: 1 is linear.
 * @param {{ pixels: number, cpuSeconds: number }[]} rows
 */
function exponent(rows) {
  const points = rows.map((row) => ({ x: Math.log(row.pixels), y: Math.log(row.cpuSeconds) }));
  /** @param {(point: { x: number, y: number }) => number} of */
  const mean = (of) => points.reduce((sum, point) => sum + of(point), 0) / points.length;
  const [x0, y0] = [mean(({ x }) => x), mean(({ y }) => y)];
  return mean(({ x, y }) => (x - x0) * (y - y0)) / mean(({ x }) => (x - x0) ** 2);
}

/**
 * Processor seconds of a whole step of DeepLab-v2 ResNet-101.
 * @param {typeof import("./workload.js").workload} workload
 * @param {number} width
 * @param {import("../dist/torch/index.js").Precision} precision
 */
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
  process.env.OMP_WAIT_POLICY ??= "passive"; // busy waiting would count as work
  const torch = await import("../dist/torch/index.js");
  const contrast = await import("../dist/contrast/index.js");
  const { workload } = await import("./workload.js");
  torch.setThreads(threads);
  const widths = values.short ? [64, 128, 256] : WIDTHS;
  const rows = widths.map((width) => contrastPart(torch, contrast, width));
  const [smallest = 0] = widths;
  const { image, cpuSeconds = 0 } = rows[0] ?? {};
  /** @type {Record<string, { cpuSeconds: number, share: number }>} */
  const whole = {};
  for (const precision of /** @type {const} */ (["float32", "bfloat16"])) {
    const seconds = await stepSeconds(workload, smallest, precision);
    whole[precision] = { cpuSeconds: seconds, share: (2 * cpuSeconds) / seconds };
  }
  console.table(rows);
  console.table(whole);
  const results = {
    machine: { cpu: cpus()[0]?.model, threads },
    ...{ classes: CLASSES, channels: CHANNELS, rows, exponent: exponent(rows) },
    step: { image, ...whole },
  };
  console.log(`cost ~ pixels ^ ${results.exponent.toFixed(2)}`);
  writeFileSync(join(values.out, "contrast.json"), `${JSON.stringify(results, null, 2)}\n`);
} else process.exitCode = 1;
