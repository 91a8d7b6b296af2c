// What a step of `npm run gpu` reports: one JSON object per line of its output.

/**
 * @typedef {{ check: string, passed: boolean, detail: string }} Check
 * @typedef {{ skipped: string, why: string }} Skipped
 * @typedef {{ measured: string, values: Record<string, unknown> }} Measured
 * @typedef {Check | Skipped | Measured} Report
 */

/** @param {Report} line */
const print = (line) => console.log(JSON.stringify(line));

/**
 * A check that passed or failed.
 * @param {string} name
 * @param {boolean} passed
 * @param {string} detail the numbers that it depends on
 */
export const check = (name, passed, detail = "") => print({ check: name, passed, detail });

/**
 * A check that needs something that this machine does not have.
 * @param {string} name
 * @param {string} why
 */
export const skip = (name, why) => print({ skipped: name, why });

/**
 * Numbers for results.json.
 * @param {string} name
 * @param {Record<string, unknown>} values
 */
export const measured = (name, values) => print({ measured: name, values });

/**
 * A check that a number is small. NaN fails.
 * @param {string} name
 * @param {number} value
 * @param {number} bound
 */
export const within = (name, value, bound) =>
  check(name, value <= bound, `${value.toExponential(1)}, at most ${bound}`);

/**
 * Runs a group of checks. An error in it is a failed check, and the next groups run.
 * @param {string} name
 * @param {() => unknown} body
 */
export async function attempt(name, body) {
  try {
    await body();
  } catch (error) {
    console.error(error);
    check(name, false, firstLine(error));
  }
}

/** @param {unknown} error */
const firstLine = (error) => String(error).split("\n")[0] ?? "";

/**
 * The report in a line of a step's output; undefined for anything else.
 * @param {string} line
 * @returns {Report | undefined}
 */
export function reportIn(line) {
  if (!line.startsWith("{")) return undefined;
  try {
    const found = JSON.parse(line);
    return "check" in found || "skipped" in found || "measured" in found ? found : undefined;
  } catch {
    return undefined; // cut off by the time limit
  }
}
