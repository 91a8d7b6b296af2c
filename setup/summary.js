/**
 * Passed and failed counts from vitest's JSON report (undefined where it wrote none) and its exit
 * status. A file that fails outside any test counts as one failure, and so does a run that ended
 * badly for a reason of its own: an unhandled rejection, a crash, an unknown option.
 */
export function summarise(report, status) {
  const files = report?.testResults ?? [];
  const count = (file, wanted) =>
    file.assertionResults.filter((test) => test.status === wanted).length;
  let passed = 0;
  let failed = 0;
  for (const file of files) {
    passed += count(file, "passed");
    failed += count(file, "failed") || (file.status === "failed" ? 1 : 0);
  }
  if (status !== 0 && failed === 0) failed = 1;
  return { passed, failed };
}
