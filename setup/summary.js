/**
 * @typedef {object} Report vitest's JSON report, as far as it is read here
 * @property {{ name: string, status: string, assertionResults: TestResult[] }[]} testResults by file
 *
 * @typedef {object} TestResult
 * @property {string} status
 * @property {{ skipped?: string }} [meta] why it was skipped, from test/skip.ts
 */

/**
 * What a run came to, from vitest's JSON report (undefined if it wrote none) and its exit status. A file
 * that fails outside any test counts as one failure, and so does a run that ended badly for a
 * reason of its own: an unhandled rejection, a crash, an unknown option.
 * @param {Report | undefined} report
 * @param {number | null} status
 */
export function summarise(report, status) {
  let [passed, failed, skipped] = [0, 0, 0];
  /** @type {Map<string, string[]>} files of the skipped tests, one for each test, by reason */
  const reasons = new Map();
  for (const file of report?.testResults ?? []) {
    /** @param {string} wanted */
    const those = (wanted) => file.assertionResults.filter((test) => test.status === wanted);
    passed += those("passed").length;
    failed += those("failed").length || (file.status === "failed" ? 1 : 0);
    for (const { meta } of those("skipped")) {
      const reason = meta?.skipped ?? "";
      reasons.set(reason, [...(reasons.get(reason) ?? []), file.name]);
      skipped++;
    }
  }
  if (status !== 0 && failed === 0) failed = 1;
  return { passed, failed, skipped, reasons };
}

/**
 * A line for every reason to skip, the most tests first, and one that a script can read:
 *
 *     skipped: 7 tests need Chromium (test/dashboard/browser.test.ts)
 *     1250 passed, 0 failed, 7 skipped
 *
 * @param {ReturnType<typeof summarise>} summary
 * @param {(path: string) => string} shown how the path of a test file is printed
 */
export function lines({ passed, failed, skipped, reasons }, shown) {
  const why = [...reasons]
    .sort(([, a], [, b]) => b.length - a.length)
    .map(([reason, files]) => {
      const tests = files.length === 1 ? "1 test needs" : `${files.length} tests need`;
      // With `-t` or a line number vitest skips whatever else the file holds.
      if (reason === "") return `skipped: ${tests.replace(/ needs?$/, "")} not selected`;
      return `skipped: ${tests} ${reason} (${[...new Set(files)].map(shown).sort().join(", ")})`;
    });
  return [...why, `${passed} passed, ${failed} failed, ${skipped} skipped`];
}
