// `npm run bench`: compares a CFContra step of DeepLab-v2 ResNet-101 with plain PyTorch on this machine.
//   npm run bench -- --width 640 --height 320 --rounds 3 --out bench/640x320
// Every measurement runs in its own process; contestants take turns, so that noise affects all of them.
// Writes results.json and results.svg with medians over the rounds.
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bootstrapOrExplain } from "../setup/bootstrap.js";
import { chart } from "./chart.js";
import { pythonsWithTorch } from "./pythons.js";
import { commandOf, lastJson, median, nameOf, race, showTable } from "./race.js";

/** @typedef {import("./race.js").Contestant & { pytorch?: string }} Contestant */
/** @typedef {ReturnType<typeof rowsOf>[number]} Row */

const HERE = fileURLToPath(new URL(".", import.meta.url));
const { values } = parseArgs({
  options: {
    width: { type: "string", default: "320" },
    height: { type: "string", default: "160" },
    steps: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    /** The Pythons whose PyTorch to measure; all that are found if omitted. */
    python: { type: "string", multiple: true },
    out: { type: "string", default: HERE },
    /** A smoke test with one tiny step; its times are meaningless. */
    short: { type: "boolean", default: false },
  },
});
const { width, height, steps, rounds } = values.short
  ? { width: "64", height: "32", steps: "1", rounds: "1" }
  : values;
const out = values.out;
// With one thread, a step does not wait for threads that a busy machine does not run.
const threads = values.short ? "1" : String(availableParallelism());

/** @param {string} command @param {string[]} args */
function measure(command, ...args) {
  const env = { ...process.env, OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads };
  const common = ["--width", width, "--height", height, "--steps", steps, "--threads", threads];
  const text = execFileSync(command, [...args, ...common], { encoding: "utf8", env });
  return lastJson(text);
}

/** @param {string} precision */
const ours = (precision) => () =>
  measure(process.execPath, join(HERE, "step.js"), "--precision", precision);
/** @type {(python: string, ...args: string[]) => Contestant["measure"]} */
const pytorch =
  (python, ...args) =>
  () =>
    measure(python, join(HERE, "pytorch_step.py"), ...args);

function contestants() {
  /** @type {Contestant[]} */
  const list = [
    { name: "cfcontra float32", measure: ours("float32") },
    { name: "cfcontra bfloat16", measure: ours("bfloat16") },
  ];
  for (const python of values.python ?? pythonsWithTorch()) {
    list.push({
      name: `PyTorch float32 (${python})`,
      pytorch: "float32",
      measure: pytorch(python),
    });
    list.push({
      name: `PyTorch bfloat16 (${python})`,
      pytorch: "bfloat16",
      measure: pytorch(python, "--bfloat16"),
    });
  }
  return list;
}

/**
 * The medians of the contestants over all rounds.
 * @param {Contestant[]} list
 * @param {Map<string, import("./race.js").Run[]>} runs
 */
function rowsOf(list, runs) {
  return list.flatMap(({ name, pytorch: precision }) => {
    const own = runs.get(name);
    const version = own?.[0]?.version;
    if (!own || version === undefined) return [];
    return {
      ...{ name: nameOf(name, { version }), pytorch: precision, version },
      seconds: median(own.map((run) => run.seconds)),
      peakMiB: Math.round(median(own.map((run) => run.peakMiB ?? Number.NaN))),
    };
  });
}

/**
 * Ours relative to the fastest PyTorch in float32, and to the one with the least memory.
 * @param {Row} row
 * @param {Row[]} opponents
 */
function compare(row, opponents) {
  const seconds = Math.min(...opponents.map((other) => other.seconds));
  const peakMiB = Math.min(...opponents.map((other) => other.peakMiB));
  return {
    ...{ seconds: row.seconds, pytorchSeconds: seconds, speedup: seconds / row.seconds },
    ...{ peakMiB: row.peakMiB, pytorchPeakMiB: peakMiB, memoryRatio: row.peakMiB / peakMiB },
  };
}

function main() {
  if (!bootstrapOrExplain()) return 1;
  const list = contestants();
  const { runs, load } = race(list, Number(rounds));
  const rows = rowsOf(list, runs);
  const [float32, bfloat16, ...others] = rows;
  if (!float32 || !bfloat16) return 1; // the reason was printed
  const opponents = others.filter((row) => row.pytorch === "float32");
  const [fastest] = opponents.toSorted((a, b) => a.seconds - b.seconds);
  if (!fastest) {
    console.error("no PyTorch found: install python3-torch, or name a Python with --python PATH");
    return 1;
  }
  const results = {
    step: { float32: compare(float32, opponents), bfloat16: compare(bfloat16, opponents) },
    size: `${width}x${height} + ${width}x${height}`,
    pytorch: { version: fastest.version, precision: "float32" },
    libtorch: float32.version,
    machine: { cpu: cpus()[0]?.model, threads: Number(threads), loadBefore: load },
    command: commandOf(process.argv.slice(2)),
    rounds: Number(rounds),
    rows,
  };
  showTable(rows, ({ version, seconds, peakMiB }) => ({
    version,
    ...{ "s/step": seconds, "peak MiB": peakMiB },
    speedup: `${(fastest.seconds / seconds).toFixed(2)}x`,
  }));
  mkdirSync(out, { recursive: true });
  writeFileSync(join(out, "results.json"), `${JSON.stringify(results, null, 2)}\n`);
  writeFileSync(join(out, "results.svg"), chart(results));
  return 0;
}

process.exitCode = main();
