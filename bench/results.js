// `npm run bench -- results PROTOCOL`: trains every row of a protocol (docs/results/*.yaml) for every
// seed, and writes the scores to the JSON file beside it, from which `npm run docs` makes the tables.
//   npm run bench -- results docs/results/streets.yaml --data data --seed 1 --row minent
// What is complete is kept, what was interrupted is resumed. `{seed}` in a value of `set` is the row's seed.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { basename, join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { parse } from "yaml";
import { writeAtomically } from "../dist/write-atomically.js";
import { commitOf, describe, merged } from "./result-rows.js";

const ROOT = fileURLToPath(new URL("..", import.meta.url));
const CLI = join(ROOT, "bin", "cfcontra.js");
const { values, positionals } = parseArgs({
  args: process.argv.slice(3),
  allowPositionals: true,
  options: {
    data: { type: "string", default: "data" },
    /** Where the run folders are. */
    runs: { type: "string", default: "runs/results" },
    /** Only these; all of the protocol when omitted. */
    seed: { type: "string", multiple: true },
    row: { type: "string", multiple: true },
    /** Changes of the configuration, for a smoke test: the numbers then mean nothing. */
    set: { type: "string", multiple: true, default: [] },
    /** Write the JSON file elsewhere. */
    out: { type: "string" },
  },
});
const [file] = positionals;
if (file === undefined) throw new Error("name a protocol, e.g. docs/results/streets.yaml");

const protocol = parse(readFileSync(file, "utf8"), { merge: true });
const pair = basename(file, ".yaml");
const out = values.out ?? file.replace(/\.yaml$/, ".json");

for (const seed of values.seed?.map(Number) ?? protocol.seeds) {
  for (const [name, row] of Object.entries(protocol.rows)) {
    if (values.row && !values.row.includes(name)) continue;
    if (row.seeds && !row.seeds.includes(seed)) continue;
    const run = join(values.runs, pair, `${name.replaceAll(/\W+/g, "-")}-${seed}`);
    const args = argumentsOf(row, seed, run);
    if (!existsSync(join(run, "result.json"))) train(run, args);
    const command = ["npx", "cfcontra", ...args].join(" ");
    const found = describe(run, { row: name, seed, command, commit: commitOf(ROOT) });
    const before = existsSync(out) ? JSON.parse(readFileSync(out, "utf8")) : { rows: [] };
    const all = { pair, protocol: `docs/results/${pair}.yaml`, rows: merged(before.rows, found) };
    writeAtomically(out, `${JSON.stringify(all, null, 1)}\n`);
    const scores = Object.entries(found.scores).map(
      ([set, { miou }]) => `${set} ${(100 * miou).toFixed(1)}`,
    );
    console.log(`${pair}, ${name}, seed ${seed}: ${scores.join(", ")}`);
  }
}

/**
 * The words of the command that trains a row.
 * @param {{ preset?: string, method: string, set?: Record<string, unknown> }} row
 * @param {number} seed
 * @param {string} run
 */
function argumentsOf({ preset = protocol.preset, method, set = {} }, seed, run) {
  const assignments = Object.entries({ ...protocol.set, ...set }).map(assignment);
  const changes = [...assignments.map((one) => one.replaceAll("{seed}", `${seed}`)), ...values.set];
  return [
    ...["train", "--preset", preset, "--method", method, "--seed", String(seed), "--out", run],
    ...["--data", values.data],
    ...changes.flatMap((change) => ["--set", change]),
  ];
}

/** @param {[string, unknown]} entry */
function assignment([key, value]) {
  return `${key}=${typeof value === "string" ? value : JSON.stringify(value)}`;
}

/**
 * @param {string} run
 * @param {string[]} args
 */
function train(run, args) {
  const resuming = existsSync(join(run, "config.yaml"));
  const words = resuming ? ["train", "--resume", run] : args;
  const { status } = spawnSync(process.execPath, [CLI, ...words], { cwd: ROOT, stdio: "inherit" });
  if (status !== 0) process.exit(status ?? 1);
}
