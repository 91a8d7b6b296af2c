// `npm test`: the set-up, then every test, then what was skipped and why, and a line that a script can
// read: "N passed, N failed, N skipped". Arguments go to vitest: `npm test -- test/nn -t schedule`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, relative } from "node:path";
import { bootstrapOrExplain, ROOT } from "./bootstrap.js";
import { readJson } from "./stamp.js";
import { lines, summarise } from "./summary.js";

function runTests() {
  if (!bootstrapOrExplain()) return summarise(undefined, 1);
  const scratch = mkdtempSync(join(tmpdir(), "cfcontra-test-"));
  const report = join(scratch, "report.json");
  try {
    const { status } = spawnSync(
      process.execPath,
      [
        join(ROOT, "node_modules", "vitest", "vitest.mjs"),
        "run",
        "--reporter=default",
        "--reporter=json",
        `--outputFile.json=${report}`,
        ...process.argv.slice(2),
      ],
      { cwd: ROOT, stdio: "inherit" },
    );
    return summarise(readJson(report), status);
  } finally {
    rmSync(scratch, { recursive: true, force: true });
  }
}

const summary = runTests();
for (const line of lines(summary, (path) => relative(ROOT, path))) console.log(line);
process.exitCode = summary.failed > 0 || summary.passed === 0 ? 1 : 0;
