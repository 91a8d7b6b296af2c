// A training step at 640x320 and prediction at 1024x512, ours against PyTorch's best on the same card
// (pytorch_race.py): seconds and peak memory of the device.
import { spawnSync } from "node:child_process";
import { fileURLToPath } from "node:url";
import { pythonsWithTorch } from "../../pythons.js";
import { attempt, check, measured, skip } from "../report.js";
import { device, isGpu, secondsLeft, tiny } from "../settings.js";
import { timeOfPrediction, timeOfStep } from "../time-step.js";

const PYTORCH = fileURLToPath(new URL("../pytorch_race.py", import.meta.url));

/**
 * @typedef {object} Race
 * @property {"train" | "predict"} kind
 * @property {number} batch images of each domain
 * @property {"float32" | "tf32" | "bfloat16"} arithmetic
 * @property {string[]} variants of PyTorch
 * @property {boolean} [eager] also ours without CUDA graphs
 *
 * @typedef {{ seconds: number, peakMiB?: number | undefined, reservedMiB?: number | undefined }} Time
 * @typedef {Time & { run: string, version: string, error?: string }} Theirs
 */

/** Only tensor cores gain from the layout; compiling takes a minute. */
const [PLAIN, CORES, COMPILED] = [["eager"], ["eager", "channels-last"], ["compiled"]];
/** The most important first. @type {Race[]} */
const RACES = [
  { kind: "train", batch: 1, arithmetic: "bfloat16", variants: CORES, eager: true },
  { kind: "predict", batch: 1, arithmetic: "bfloat16", variants: CORES },
  { kind: "train", batch: 4, arithmetic: "bfloat16", variants: CORES },
  { kind: "train", batch: 1, arithmetic: "bfloat16", variants: COMPILED },
  { kind: "predict", batch: 1, arithmetic: "bfloat16", variants: COMPILED },
  { kind: "train", batch: 1, arithmetic: "tf32", variants: CORES },
  { kind: "train", batch: 4, arithmetic: "tf32", variants: CORES },
  { kind: "predict", batch: 1, arithmetic: "tf32", variants: CORES },
  { kind: "train", batch: 1, arithmetic: "float32", variants: PLAIN },
  { kind: "train", batch: 4, arithmetic: "float32", variants: PLAIN },
];
/** Speed over PyTorch without compilation, and share of its peak memory, to reach. */
const TARGETS = {
  "train 1": { eager: 1.5, compiled: 1, memory: 0.8 },
  "train 4": { eager: 1.15, compiled: undefined, memory: 0.8 },
  "predict 1": { eager: 1.3, compiled: undefined, memory: 0.8 },
};

/** @param {Race} race */
const nameOf = ({ kind, batch, arithmetic }) => `${kind}:${batch}:${arithmetic}`;
const races = tiny
  ? RACES.filter((race) => isGpu || race.arithmetic !== "tf32").slice(0, 1)
  : RACES;
const count = tiny ? 1 : 30;
const warmup = tiny ? 1 : 10;

/** @param {Race} race @param {boolean} graphs @returns {Time & { version: string }} */
function timeOfOurs({ kind, batch, arithmetic }, graphs) {
  const precision = arithmetic === "bfloat16" ? "bfloat16" : "float32";
  const options = { device, precision, warmup, tf32: arithmetic === "tf32", small: tiny, graphs };
  const seconds = Math.max(1, secondsLeft());
  const { gpuMemory, ...run } =
    kind === "train"
      ? timeOfStep({ ...options, precision, batch, steps: count, seconds })
      : timeOfPrediction({ ...options, precision, images: count, seconds });
  const { seconds: median, version } = run;
  return { seconds: median, version, peakMiB: gpuMemory?.peak, reservedMiB: gpuMemory?.reserved };
}

/**
 * Runs of PyTorch, those that ended in time.
 * @param {string} python
 * @param {string[]} runs
 * @returns {Theirs[]}
 */
function timesOfPyTorch(python, runs) {
  const { stdout, stderr } = spawnSync(
    python,
    [
      ...[PYTORCH, "--device", device, "--runs", runs.join(",")],
      ...["--steps", `${count}`, "--warmup", `${warmup}`, ...(tiny ? ["--small"] : [])],
    ],
    {
      encoding: "utf8",
      timeout: Math.max(1, Math.round(1000 * (secondsLeft() - 2))),
      killSignal: "SIGKILL",
    },
  );
  process.stderr.write(stderr);
  return stdout
    .split("\n")
    .filter((line) => line.startsWith("{") && line.endsWith("}"))
    .map((line) => JSON.parse(line));
}

/** @param {readonly (number | undefined)[]} values */
const least = (values) => {
  const known = values.filter((value) => value !== undefined);
  return known.length > 0 ? Math.min(...known) : undefined;
};

/** @param {Race} race @param {Time} ours @param {Theirs[]} theirs */
function compare(race, ours, theirs) {
  const own = theirs.filter(({ run, error }) => run.startsWith(`${nameOf(race)}:`) && !error);
  const isCompiled = (/** @type {Theirs} */ { run }) => run.endsWith(":compiled");
  const eager = own.filter((run) => !isCompiled(run));
  const fastest = least(eager.map(({ seconds }) => seconds));
  const compiled = least(own.filter(isCompiled).map(({ seconds }) => seconds));
  const smallest = least(eager.map(({ peakMiB }) => peakMiB));
  const target = TARGETS[/** @type {keyof typeof TARGETS} */ (`${race.kind} ${race.batch}`)];
  measured(`${nameOf(race)}: ours against PyTorch`, {
    ...{ seconds: ours.seconds, pytorch: fastest, compiled },
    speedup: fastest && fastest / ours.seconds,
    speedupOverCompiled: compiled && compiled / ours.seconds,
    ...{ peakMiB: ours.peakMiB, pytorchPeakMiB: smallest },
    memoryRatio: smallest && ours.peakMiB !== undefined ? ours.peakMiB / smallest : undefined,
    target,
  });
}

const [python] = pythonsWithTorch().reverse(); // that of PATH, if it has PyTorch
/** Of each race, without the variants. @type {Map<string, Time>} */
const ours = new Map();
/** @type {Theirs[]} */
const theirs = [];

/** @param {Race} race @param {boolean} graphs */
async function run(race, graphs) {
  const name = `ours ${nameOf(race)}${graphs ? "" : " without graphs"}`;
  await attempt(name, () => {
    const time = timeOfOurs(race, graphs);
    if (graphs) ours.set(nameOf(race), time);
    measured(name, { ...time });
    check(name, time.seconds > 0, `${(1000 * time.seconds).toFixed(1)} ms`);
  });
}

/** @param {string[]} runs */
function opponent(runs) {
  if (python === undefined) return skip("PyTorch", "no python3 with torch");
  for (const run of timesOfPyTorch(python, runs)) {
    measured(`PyTorch ${run.run}`, { ...run });
    if (!run.error) {
      theirs.push(run);
      check(`PyTorch ${run.run}`, run.seconds > 0, `${(1000 * run.seconds).toFixed(1)} ms`);
    } else if (run.run.endsWith(":compiled")) skip(`PyTorch ${run.run}`, run.error);
    else check(`PyTorch ${run.run}`, false, run.error);
  }
}

for (const race of races) {
  const name = nameOf(race);
  if (secondsLeft() < 10) {
    skip(name, "no time left");
    continue;
  }
  if (!ours.has(name)) await run(race, true);
  if (race.eager && isGpu) await run(race, false);
  opponent(race.variants.map((variant) => `${name}:${variant}`));
}
for (const [name, race] of new Map(races.map((race) => [nameOf(race), race]))) {
  const time = ours.get(name);
  if (time) compare(race, time, theirs);
}
