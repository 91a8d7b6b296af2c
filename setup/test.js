// `npm test`: the set-up, then every test, then one line that a script can read. Arguments go to
// vitest: `npm test -- test/nn -t sgd`.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { bootstrapOrExplain, ROOT } from "./bootstrap.js";
import { readJson } from "./stamp.js";
import { summarise } from "./summary.js";

function runTests() {
  if (!bootstrapOrExplain()) return { passed: 0, failed: 1 };
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

const { passed, failed } = runTests();
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
