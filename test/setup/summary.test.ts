import { spawnSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { lines, summarise } from "../../setup/summary.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { NEEDS } from "../skip.js";

const checkout = fileURLToPath(new URL("../..", import.meta.url));

describe("summarise", () => {
  const file = (statuses: string[], status = "passed") => ({
    ...{ name: "/a/test/x.test.ts", status },
    assertionResults: statuses.map((one) => ({ status: one })),
  });

  test.each([
    ["counts", [file(["passed", "failed", "skipped"], "failed"), file(["passed"])], 1, [2, 1, 1]],
    ["all green", [file(["passed", "passed"])], 0, [2, 0, 0]],
    ["a file that fails outside its tests", [file(["passed"]), file([], "failed")], 1, [1, 1, 0]],
    ["a crash after the tests", [file(["passed"])], 1, [1, 1, 0]],
    ["killed by a signal", [file(["passed"])], null, [1, 1, 0]],
    ["no report", undefined, 1, [0, 1, 0]],
  ])("%s", (_, testResults, status, counts) => {
    const { passed, failed, skipped } = summarise(testResults && { testResults }, status);
    expect([passed, failed, skipped]).toEqual(counts);
  });

  test("groups skipped tests by reason, with counts and files; the last line is for scripts", () => {
    const skipped = (name: string, ...reasons: (string | undefined)[]) => ({
      ...{ name: `/a/test/${name}.test.ts`, status: "passed" },
      assertionResults: reasons.map((reason) => ({
        status: "skipped",
        meta: reason === undefined ? {} : { skipped: reason },
      })),
    });
    const testResults = [
      skipped("b", "zsh"),
      skipped("c", "NumPy", "NumPy", undefined),
      { ...skipped("a", "NumPy"), name: "/a/test/a.test.ts" },
      file(["passed"]),
    ];
    const shown = (path: string) => relative("/a", path);
    expect(lines(summarise({ testResults }, 0), shown)).toEqual([
      "skipped: 3 tests need NumPy (test/a.test.ts, test/c.test.ts)",
      "skipped: 1 test needs zsh (test/b.test.ts)",
      "skipped: 1 test not selected",
      "1 passed, 0 failed, 5 skipped",
    ]);
  });
});

test("vitest's report carries the reasons of skipped tests and groups", async () => {
  await inTemporaryFolder(async (folder) => {
    const [report, config] = [join(folder, "report.json"), join(folder, "vitest.config.mjs")];
    const include = ["test/setup/skipping.example.ts"];
    writeFileSync(config, `export default ${JSON.stringify({ test: { include } })};`);
    const vitest = [join(checkout, "node_modules/vitest/vitest.mjs"), "run", "--root", checkout];
    const options = ["--config", config, "--reporter=json", `--outputFile.json=${report}`];
    const { status } = spawnSync(process.execPath, [...vitest, ...options]);
    const summary = summarise(JSON.parse(readFileSync(report, "utf8")), status);
    expect(lines(summary, (path) => relative(checkout, path))).toEqual([
      `skipped: 2 tests need ${NEEDS.numpy} (test/setup/skipping.example.ts)`,
      `skipped: 1 test needs ${NEEDS.zsh} (test/setup/skipping.example.ts)`,
      `skipped: 1 test needs ${NEEDS.fish} (test/setup/skipping.example.ts)`,
      "2 passed, 0 failed, 4 skipped",
    ]);
  });
});
