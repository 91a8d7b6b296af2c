// Measures contestants in turn, each in its own process.
import { loadavg } from "node:os";

/**
 * @typedef {object} Run what a contestant measured
 * @property {string} version
 * @property {number} seconds
 * @property {number} [processorSeconds]
 * @property {number} [cpuSeconds]
 * @property {number} [peakMiB]
 *
 * @typedef {{ name: string, measure: () => Run }} Contestant
 */

/** @param {readonly number[]} numbers */
export const median = (numbers) =>
  numbers.toSorted((a, b) => a - b)[Math.floor(numbers.length / 2)] ?? Number.NaN;

/**
 * The JSON on the last line of a contestant's output.
 * @param {string} text
 * @returns {Run}
 */
export const lastJson = (text) => JSON.parse(text.slice(text.trimEnd().lastIndexOf("\n") + 1));

/**
 * Measures contestants `{ name, measure }` over all rounds. Returns the results by name, and the load
 * before. Skips contestants that fail, with a message.
 * @param {readonly Contestant[]} list
 * @param {number} rounds
 */
export function race(list, rounds) {
  /** @type {Map<string, Run[]>} */
  const runs = new Map(list.map(({ name }) => [name, []]));
  const load = loadavg()[0];
  for (let round = 1; round <= rounds; round++) {
    for (const { name, measure } of list) {
      const own = runs.get(name);
      if (!own) continue;
      try {
        const run = measure();
        own.push(run);
        process.stderr.write(`round ${round}: ${name} ${run.seconds.toFixed(3)} s\n`);
      } catch (error) {
        runs.delete(name);
        const { stderr, message } = /** @type {Error & { stderr?: string }} */ (error);
        const reason = String(stderr || message)
          .trim()
          .split("\n")
          .at(-1);
        process.stderr.write(`skipping ${name}: ${reason}\n`);
      }
    }
  }
  return { runs, load };
}

/**
 * The command line, without options whose values are paths of this machine.
 * @param {readonly string[]} args
 */
export function commandOf(args) {
  /** @param {string} [arg] */
  const isPath = (arg) => arg?.startsWith("/");
  const kept = args.filter(
    (arg, i) => !isPath(arg) && !isPath(args[i + 1]) && !/^--\w+=\//.test(arg),
  );
  return ["npm run bench", ...(kept.length > 0 ? ["--", ...kept] : [])].join(" ");
}

/**
 * The name of a contestant, with the version of its PyTorch instead of its path.
 * @param {string} name
 * @param {{ version: string }} run
 */
export const nameOf = (name, { version }) => name.replace(/ \(.*\)$/, ` ${version}`);

/**
 * Prints contestants as a table, with numbers to three decimals.
 * @template {{ name: string }} Row
 * @param {readonly Row[]} rows
 * @param {(row: Row) => Record<string, string | number>} columnsOf
 */
export function showTable(rows, columnsOf) {
  /** @param {string | number} value */
  const short = (value) => (typeof value === "number" ? Number(value.toFixed(3)) : value);
  /** @param {Row} row */
  const columns = (row) =>
    Object.fromEntries(Object.entries(columnsOf(row)).map(([key, value]) => [key, short(value)]));
  console.table(Object.fromEntries(rows.map((row) => [row.name, columns(row)])));
}
