// `npm run campaign -- NAME`: long searches for failures; the tests run short versions.
//   kill       kills a training at random moments and resumes it: the same bits as an uninterrupted run
//   bytes      damages files of every kind: each is read or refused with an error
//   operators  calls every operator of libtorch with odd arguments: each returns, is refused, or crashes libtorch
//   sanitize   runs the tests of the binding with an addon built with AddressSanitizer
//   memory     trains 10,000 steps of a tiny network: a chart of its memory, and the slope
// Options: --times, --seed, --out FOLDER (results; a temporary folder if omitted).
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { parseArgs } from "node:util";

/**
 * @typedef {object} Options
 * @property {string} folder
 * @property {number} [times]
 * @property {number} seed
 * @property {string | undefined} [only]
 * @property {number} [processes]
 * @property {(line: string) => void} say
 */

/** @type {Record<string, (options: Options) => Promise<object>>} */
const campaigns = {
  async kill({ times = 50, ...options }) {
    const { killAndResume } = await import("./kill.js");
    return killAndResume({ times, ...options });
  },
  async operators({ times = 20, only, ...options }) {
    const { campaign, operatorNames } = await import("./operators.js");
    const names = operatorNames().filter((name) => only === undefined || name === only);
    if (names.length === 0) throw new Error(`--only ${only}: expected an operator's full name`);
    const { crashed, slow, faults, ...counts } = await campaign({ names, times, ...options });
    if (faults.length > 0) process.exitCode = 1;
    return { ...counts, crashed: crashed.length, slow: slow.length, faults: faults.length };
  },
  async sanitize(options) {
    const { sanitize } = await import("./sanitize.js");
    process.exitCode = sanitize(options) === 0 ? 0 : 1;
    return { failed: process.exitCode };
  },
  async memory({ times = 10_000, ...options }) {
    const { memory } = await import("./memory.js");
    return memory({ steps: times, ...options });
  },
  async bytes({ times = 10_000, only, say, ...options }) {
    const { campaign, kinds } = await import("./bytes.js");
    let failed = 0;
    if (only !== undefined && !Object.hasOwn(kinds, only)) {
      throw new Error(`--only ${only}: expected one of ${Object.keys(kinds).join(", ")}`);
    }
    for (const kind of only ? [only] : Object.keys(kinds)) {
      const { failures, ...counts } = await campaign({ kind, times, ...options });
      for (const failure of failures) say(failure);
      say(JSON.stringify({ ...counts, failures: failures.length }));
      failed += failures.length;
    }
    if (failed > 0) process.exitCode = 1;
    return { failed };
  },
};

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    times: { type: "string" },
    seed: { type: "string", default: "1" },
    only: { type: "string" },
    processes: { type: "string", default: "1" },
    out: { type: "string" },
  },
});
const [name] = positionals;
const run = campaigns[name ?? ""];
if (!run) {
  console.error(
    `expected one of ${Object.keys(campaigns).join(", ")}: npm run campaign -- kill --times 50`,
  );
  process.exit(1);
}
/** @param {string} [text] */
function number(text = "") {
  if (/^[1-9]\d*$/.test(text)) return Number(text);
  console.error(`${text} is not a valid number of times, seed or processes: expected 1, 2, 3, ...`);
  process.exit(1);
}
const folder = values.out ?? mkdtempSync(join(tmpdir(), "cfcontra-campaign-"));
mkdirSync(folder, { recursive: true });
try {
  const result = await run({
    folder,
    ...(values.times === undefined ? {} : { times: number(values.times) }),
    seed: number(values.seed),
    only: values.only,
    processes: number(values.processes),
    say: (line) => console.log(line),
  });
  console.log(JSON.stringify(result));
} finally {
  if (values.out === undefined) rmSync(folder, { recursive: true, force: true });
}
