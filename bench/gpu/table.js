/** @typedef {import("./run-step.js").Outcome} Outcome */

/**
 * The checks of a step by their result. A step that did not end by itself counts as one failure.
 * @param {Outcome} outcome
 */
function countOf({ reports, problem }) {
  const checks = reports.filter((report) => "check" in report);
  const passed = checks.filter((report) => report.passed).length;
  const failed = checks.length - passed + (problem === undefined ? 0 : 1);
  return { passed, failed, skipped: reports.filter((report) => "skipped" in report).length };
}

/**
 * The sums over all steps.
 * @param {readonly Outcome[]} outcomes
 */
export function counted(outcomes) {
  const all = outcomes.map(countOf);
  /** @param {"passed" | "failed" | "skipped"} key */
  const sum = (key) => all.reduce((total, count) => total + count[key], 0);
  return { passed: sum("passed"), failed: sum("failed"), skipped: sum("skipped") };
}

/**
 * The last line, which a script can read.
 * @param {{ passed: number, failed: number, skipped: number }} counts
 */
export const countsOf = ({ passed, failed, skipped }) =>
  `${passed} passed, ${failed} failed, ${skipped} skipped`;

/**
 * A line per step, and below it what failed.
 * @param {readonly Outcome[]} outcomes
 */
export function table(outcomes) {
  const rows = outcomes.map((outcome) => {
    const { passed, failed, skipped } = countOf(outcome);
    return [outcome.name, ...[passed, failed, skipped].map(String), outcome.seconds.toFixed(1)];
  });
  const all = [["step", "passed", "failed", "skipped", "seconds"], ...rows];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...all.map((row) => row[i]?.length ?? 0)));
  const lines = all.map((row) =>
    row
      .map((cell, i) => (i === 0 ? cell.padEnd(widths[i] ?? 0) : cell.padStart(widths[i] ?? 0)))
      .join("  "),
  );
  const failures = outcomes.flatMap(({ name, reports, problem }) => [
    ...reports.flatMap((report) =>
      "check" in report && !report.passed ? [`${name}: ${report.check}: ${report.detail}`] : [],
    ),
    ...(problem === undefined ? [] : [`${name}: ${problem.split("\n").at(0)}`]),
  ]);
  return ["", ...lines, "", ...failures.map((failure) => `FAILED ${failure}`)].join("\n");
}
