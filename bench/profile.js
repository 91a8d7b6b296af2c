// `npm run bench -- profile`: time and memory of a step by stage, and every convolution relative to the
// machine's roofline in the same run. Writes profile.json.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bootstrapOrExplain } from "../setup/bootstrap.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "profile"),
  options: {
    width: { type: "string", default: "320" },
    height: { type: "string", default: "160" },
    threads: { type: "string", default: String(availableParallelism()) },
    out: { type: "string", default: HERE },
  },
});
const { width, height, threads, out } = values;

/** @param {string} precision @returns {import("./profile-step.js").Profile} */
function profileOf(precision) {
  const size = ["--width", width, "--height", height, "--threads", threads];
  const script = join(HERE, "profile-step.js");
  // Busy waiting would count as work.
  const env = { ...process.env, OMP_NUM_THREADS: threads, OMP_WAIT_POLICY: "passive" };
  const args = [script, ...size, "--precision", precision];
  const text = execFileSync(process.execPath, args, { encoding: "utf8", env });
  return JSON.parse(text.trim().split("\n").at(-1) ?? "");
}

/** @param {import("./profile-step.js").Profile} profile */
function show({ precision, peakMiB, stages, convolutions }) {
  const {
    rooflineGflopsPerThread,
    cpuSecondsAStep,
    cpuSecondsAtRoofline,
    shareOfRoofline,
    layers,
  } = convolutions;
  const whole = Object.values(stages).reduce((sum, { cpuSeconds }) => sum + cpuSeconds, 0);
  console.log(`${precision}: peak ${peakMiB} MiB; processor seconds and MiB by stage`);
  console.table(stages);
  console.log(
    `convolutions by themselves: ${cpuSecondsAStep} processor seconds a step, ` +
      `${Math.round(100 * shareOfRoofline)} % of ${rooflineGflopsPerThread} GFLOP/s a thread; at that rate ` +
      `${cpuSecondsAtRoofline}, which is ${Math.round((100 * cpuSecondsAtRoofline) / whole)} % of the step`,
  );
  console.table(
    layers.slice(0, 12).map(({ name, timesAStep, cpuSecondsAStep, shareOfRoofline }) => ({
      name,
      timesAStep,
      cpuSecondsAStep,
      shareOfRoofline,
    })),
  );
}

if (bootstrapOrExplain()) {
  const profiles = ["float32", "bfloat16"].map(profileOf);
  for (const profile of profiles) show(profile);
  const machine = { cpu: cpus()[0]?.model, threads: Number(threads) };
  const result = { size: `${width}x${height} + ${width}x${height}`, machine, profiles };
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "profile.json"), `${JSON.stringify(result, null, 2)}\n`);
} else {
  process.exitCode = 1;
}
