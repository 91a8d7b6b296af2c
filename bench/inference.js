// `npm run bench -- inference`: compares prediction of DeepLab-v2 ResNet-101 at 1024x512 with ONNX Runtime
// and with PyTorch in evaluation mode. Every measurement runs in its own process; contestants take turns.
// Writes inference.json with medians over the rounds. On a busy machine, compare processor time.
//   npm run bench -- inference --width 512 --height 256 --rounds 3 --python /path/to/bin/python
import { execFileSync } from "node:child_process";
import { mkdirSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { bootstrapOrExplain } from "../setup/bootstrap.js";
import { pythonsWithTorch } from "./pythons.js";
import { commandOf, lastJson, median, nameOf, race, showTable } from "./race.js";

/** @typedef {"seconds" | "processorSeconds"} Clock */

const HERE = fileURLToPath(new URL(".", import.meta.url));
const { values } = parseArgs({
  args: process.argv.slice(2).filter((arg) => arg !== "inference"),
  options: {
    width: { type: "string", default: "1024" },
    height: { type: "string", default: "512" },
    images: { type: "string", default: "3" },
    rounds: { type: "string", default: "3" },
    threads: { type: "string", default: String(availableParallelism()) },
    /** The Pythons whose PyTorch to measure; all that are found if omitted. */
    python: { type: "string", multiple: true },
    out: { type: "string", default: HERE },
    /** A smoke test with one tiny image; its times are meaningless. */
    short: { type: "boolean", default: false },
  },
});
const { width, height, images, rounds, threads } = values.short
  ? { width: "64", height: "32", images: "1", rounds: "1", threads: "1" }
  : values;

const predict = join(HERE, "predict.js");
const pytorch = join(HERE, "pytorch_inference.py");
const pythons = values.python ?? pythonsWithTorch();
const CONTESTANTS = {
  "cfcontra float32": [process.execPath, predict, "--precision", "float32"],
  "cfcontra bfloat16": [process.execPath, predict, "--precision", "bfloat16"],
  "ONNX Runtime float32": [process.execPath, predict, "--onnx"],
  ...Object.fromEntries(
    pythons.flatMap((python) => [
      [`PyTorch float32 (${python})`, [python, pytorch]],
      [`PyTorch bfloat16 (${python})`, [python, pytorch, "--bfloat16"]],
    ]),
  ),
};

/** @param {string[]} command */
function measure([program = "", ...args]) {
  const env = { ...process.env, OMP_NUM_THREADS: threads, OPENBLAS_NUM_THREADS: threads };
  const common = ["--width", width, "--height", height, "--images", images, "--threads", threads];
  const text = execFileSync(program, [...args, ...common], { encoding: "utf8", env });
  return lastJson(text);
}

/**
 * Medians per contestant.
 * @param {Map<string, import("./race.js").Run[]>} runs
 */
function rowsOf(runs) {
  return [...runs].map(([name, found]) => {
    /** @param {Clock} key */
    const of = (key) => median(found.map((run) => run[key] ?? Number.NaN));
    const { version = "" } = found[0] ?? {};
    return {
      ...{ name: nameOf(name, { version }), version },
      ...{ seconds: of("seconds"), processorSeconds: of("processorSeconds") },
    };
  });
}

function main() {
  if (!bootstrapOrExplain()) return 1;
  const list = Object.entries(CONTESTANTS).map(([name, command]) => ({
    name,
    measure: () => measure(command),
  }));
  const { runs, load } = race(list, Number(rounds));
  const rows = rowsOf(runs);
  /**
   * The shortest time of the contestants whose names begin with `name`.
   * @param {string} name
   * @param {Clock} what
   */
  const best = (name, what) =>
    Math.min(...rows.filter((row) => row.name.startsWith(name)).map((row) => row[what]));
  /** @param {string} ours @param {string} theirs @param {Clock} what */
  const speedup = (ours, theirs, what) => {
    const ratio = best(theirs, what) / best(ours, what);
    return Number.isFinite(ratio) ? ratio : null;
  };
  /** @param {Clock} what */
  const against = (what) => ({
    float32: speedup("cfcontra float32", "PyTorch float32", what),
    bfloat16: speedup("cfcontra bfloat16", "PyTorch float32", what),
    bfloat16AgainstBfloat16: speedup("cfcontra bfloat16", "PyTorch bfloat16", what),
  });
  const results = {
    size: `${width}x${height}`,
    speedup: against("seconds"),
    speedupInProcessorTime: against("processorSeconds"),
    machine: { cpu: cpus()[0]?.model, threads: Number(threads), loadBefore: load },
    command: commandOf(process.argv.slice(2)),
    rounds: Number(rounds),
    rows,
  };
  showTable(rows, ({ version, seconds, processorSeconds }) => ({
    version,
    ...{ "s/image": seconds, "images/s": 1 / seconds, "processor s": processorSeconds },
  }));
  mkdirSync(values.out, { recursive: true });
  writeFileSync(join(values.out, "inference.json"), `${JSON.stringify(results, null, 2)}\n`);
  return rows.length > 0 ? 0 : 1;
}

process.exitCode = main();
