// `npm run gpu`: everything that must be checked on a machine with a GPU (docs/speed.md, "On a GPU").
//   npm run gpu -- --only race --limit 300
//   npm run gpu -- --device cpu --tiny      a smoke test of the steps themselves
//   npm run gpu -- pack                     for a machine without a network (pack.js)
// A step that fails or takes too long does not stop the others. Ends with a table, and the line
// "N passed, N failed, N skipped"; without a GPU "0 passed, 0 failed".
import { execFileSync } from "node:child_process";
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { availableParallelism, tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { merged } from "./merge.js";
import { runStep } from "./run-step.js";
import { STEPS } from "./steps.js";
import { counted, countsOf, table } from "./table.js";

const HERE = fileURLToPath(new URL(".", import.meta.url));
const ROOT = fileURLToPath(new URL("../..", import.meta.url));
const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    /** cuda, cuda:N, or cpu to check the CPU against itself. */
    device: { type: "string", default: "cuda:0" },
    /** Smallest sizes: the numbers mean nothing. */
    tiny: { type: "boolean", default: false },
    /** Only these steps. */
    only: { type: "string", multiple: true },
    /** Seconds in total. */
    limit: { type: "string", default: "420" },
    /** The folder of results.json and log.txt; by default this one, or with `--device cpu` a temporary one. */
    out: { type: "string" },
  },
});
const { device, tiny } = values;
const out = values.out ?? (device === "cpu" ? join(tmpdir(), "cfcontra-gpu") : HERE);
/** Threads that decode images, as in bin/cfcontra.js. */
const THREADS = `${Math.max(4, availableParallelism())}`;
const end = performance.now() + 1000 * Number(values.limit);
const log = join(out, "log.txt");

/** @param {string} line */
const say = (line) => {
  process.stdout.write(`${line}\n`);
  appendFileSync(log, `${line}\n`);
};

/** @param {import("./report.js").Report} report */
function line(report) {
  if ("check" in report) {
    const { check, passed, detail } = report;
    return `  ${passed ? "ok    " : "FAILED"}  ${check}${detail && `: ${detail}`}`;
  }
  if ("skipped" in report) return `  skipped ${report.skipped}: ${report.why}`;
  return `  ${report.measured}: ${JSON.stringify(report.values)}`;
}

/** @param {import("./steps.js").Step} step */
async function run({ name, about, limit: most }) {
  const left = (end - performance.now()) / 1000;
  const limit = tiny ? left : Math.min(most, left); // a smoke test may run on a busy machine
  say(`${name}: ${about}`);
  if (limit < 3) {
    /** @type {import("./report.js").Report[]} */
    const reports = [{ skipped: name, why: "no time left" }];
    for (const report of reports) say(line(report));
    return { name, seconds: 0, reports };
  }
  const script = join(HERE, "step", `${name}.js`);
  const outcome = await runStep({
    ...{ name, limit },
    // With one thread, a smoke test does not wait for threads that a busy machine does not run.
    env: {
      ...process.env,
      UV_THREADPOOL_SIZE: THREADS,
      ...(tiny && { OMP_NUM_THREADS: "1", OPENBLAS_NUM_THREADS: "1" }),
    },
    command: [
      ...[process.execPath, script, "--device", device, "--seconds", `${limit}`],
      ...(tiny ? ["--tiny"] : []),
    ],
    onReport: (report) => say(line(report)),
    onOutput: (text) => appendFileSync(log, `    ${text}\n`),
  });
  if (outcome.problem !== undefined) say(`  FAILED  ${outcome.problem.replaceAll("\n", "\n    ")}`);
  return outcome;
}

/**
 * The machine, from a process of its own, since the addon may have been built only now; undefined with the
 * reason if the device does not exist.
 * @returns {{ machine?: Record<string, unknown>, reason?: string }}
 */
function lookAround() {
  const command = [join(HERE, "machine.js"), "--device", device];
  try {
    return JSON.parse(execFileSync(process.execPath, command, { encoding: "utf8" }));
  } catch (error) {
    return {
      reason:
        String(/** @type {Error} */ (error).message)
          .split("\n")
          .at(-1) ?? "",
    };
  }
}

/** The results of earlier runs; undefined without any. */
function readResults() {
  try {
    return JSON.parse(readFileSync(join(out, "results.json"), "utf8"));
  } catch {
    return undefined;
  }
}

async function main() {
  mkdirSync(out, { recursive: true });
  writeFileSync(log, "");
  const chosen = STEPS.filter(({ name }) => !values.only || values.only.includes(name));
  const [build, ...others] = STEPS;
  if (!build) throw new Error("no steps");
  const outcomes = [await run(build)];
  const { machine, reason } = lookAround();
  if (!machine && outcomes[0]?.problem === undefined) {
    console.log(`no GPU here: ${reason}`);
    console.log("0 passed, 0 failed");
    return 0;
  }
  if (machine) {
    say(JSON.stringify(machine));
    for (const step of others) if (chosen.includes(step)) outcomes.push(await run(step));
  }
  const counts = counted(outcomes);
  const steps = merged(tiny ? undefined : readResults(), machine, outcomes);
  const results = { machine, ...counted(steps), steps };
  const text = JSON.stringify(results, null, 2).replaceAll(ROOT, "");
  writeFileSync(join(out, "results.json"), `${text}\n`);
  say(table(outcomes));
  say(countsOf(counts));
  return counts.failed > 0 ? 1 : 0;
}

if (positionals[0] === "pack") await import("./pack.js");
else process.exitCode = await main();
