// `npm run gpu` on the CPU: its steps, with the smallest sizes, so that a visit to a GPU finds no typing error.
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { largestDifference, relativeError } from "../../bench/gpu/difference.js";
import { merged } from "../../bench/gpu/merge.js";
import { reportIn } from "../../bench/gpu/report.js";
import { runStep } from "../../bench/gpu/run-step.js";
import { runtimePackages } from "../../bench/gpu/runtime-packages.js";
import { STEPS } from "../../bench/gpu/steps.js";
import { counted, table } from "../../bench/gpu/table.js";
import { hasCuda } from "../../src/torch/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { skipUnless } from "../skip.js";

const root = fileURLToPath(new URL("../..", import.meta.url));
const main = join(root, "bench", "gpu", "main.js");

test.each(STEPS.map(({ name }) => name))("the step %s passes on the CPU", async (name) => {
  await inTemporaryFolder(async (folder) => {
    const args = [main, "--device", "cpu", "--tiny", "--only", name, "--limit", "280"];
    const { stdout, status } = spawnSync(process.execPath, [...args, "--out", folder], {
      encoding: "utf8",
    });
    const text = readFileSync(join(folder, "results.json"), "utf8");
    const { machine, steps, ...counts } = JSON.parse(text);
    expect(counts, stdout).toMatchObject({ failed: 0 });
    expect(status).toBe(0);
    const [build, step = build] = steps;
    expect([build.name, step.name]).toEqual(["build", name]);
    expect(step.reports.filter(({ passed }: { passed?: boolean }) => passed)).not.toEqual([]);
    expect(machine).toMatchObject({ device: "cpu", node: process.versions.node });
    const last = `${counts.passed} passed, 0 failed, ${counts.skipped} skipped`;
    expect(stdout.trimEnd().split("\n").at(-1)).toBe(last);
    expect(text).not.toContain(root);
    expect(readFileSync(join(folder, "log.txt"), "utf8")).toContain(last);
  });
});

test("without a GPU nothing is checked", skipUnless(!hasCuda(), "noCuda"), async () => {
  await inTemporaryFolder(async (folder) => {
    const options = { encoding: "utf8" } as const;
    const { status, stdout } = spawnSync(process.execPath, [main, "--out", folder], options);
    const lines = stdout.trimEnd().split("\n");
    expect(lines.at(-2)).toMatch(/^no GPU here: .*CUDA/);
    expect(lines.at(-1)).toBe("0 passed, 0 failed");
    expect(status).toBe(0);
    expect(existsSync(join(folder, "results.json"))).toBe(false);
  });
});

test("a step that crashes or hangs fails, and what it reported before counts", async () => {
  const node = (code: string) => [process.execPath, "-e", code];
  const line = JSON.stringify({ check: "first", passed: true, detail: "" });
  const quiet = { onReport: () => {}, onOutput: () => {} };
  const report = `console.log(${JSON.stringify(line)});`;
  const crash = { name: "crash", command: node(`${report} throw new Error("no")`), limit: 60 };
  // The child of a step that hangs must not keep it.
  const hang = `${report} require("node:child_process").spawnSync("sleep", ["600"]);`;
  const outcomes = [
    await runStep({ ...crash, ...quiet }),
    await runStep({ ...quiet, name: "hang", command: node(hang), limit: 3 }),
  ];
  expect(outcomes.map(({ problem }) => problem?.split("\n")[0])).toEqual([
    "ended with exit code 1",
    "stopped at its limit of 3 s",
  ]);
  expect(outcomes[0]?.problem).toContain("no");
  expect(counted(outcomes)).toEqual({ passed: 2, failed: 2, skipped: 0 });
  expect(table(outcomes)).toContain("FAILED hang: stopped at its limit of 3 s");
});

test("reports are told from other output, and differences from rounding", () => {
  expect(reportIn('{"check":"a","passed":true,"detail":""}')).toMatchObject({ check: "a" });
  for (const other of ["step 1", "{", '{"a":1}', ""]) expect(reportIn(other)).toBeUndefined();
  expect(relativeError([3, 4], [3, 4])).toBe(0);
  expect(relativeError([3, 5], [3, 4])).toBeCloseTo(0.2);
  expect(relativeError([Number.NaN], [1])).toBeNaN();
  expect(relativeError([1], [1, 2])).toBeNaN();
  expect(largestDifference([{ a: 2, b: 0 }], [{ a: 1, b: 0.01 }])).toBe(1);
  expect(largestDifference([{}], [{ a: 1 }])).toBeNaN();
  expect(largestDifference([], [{ a: 1 }])).toBeNaN();
});

test("what is packed for a machine without a network are the packages that run", () => {
  const names = runtimePackages(root).map((folder) => folder.replace("node_modules/", ""));
  const { dependencies } = JSON.parse(readFileSync(join(root, "package.json"), "utf8"));
  expect(names).toEqual(expect.arrayContaining(Object.keys(dependencies)));
  expect(names.some((name) => name.startsWith("@img/sharp-"))).toBe(true);
  for (const name of ["vitest", "typescript", "vite", "onnxruntime-node", "@types/node"]) {
    expect(names).not.toContain(name);
  }
});

test("results of steps that did not run now are kept, if GPU and libtorch are the same", () => {
  const outcome = (name: string, seconds: number) => ({ name, seconds, reports: [] });
  const machine = { gpu: "NVIDIA H200", libtorch: "2.11.0", commit: "b", date: "2026-02-02" };
  const old = { commit: "a", date: "2026-01-01" };
  const steps = [
    { ...outcome("race", 1), ...old },
    { ...outcome("data", 2), ...old },
  ];
  const before = { machine: { ...machine, ...old }, steps };
  const now = [outcome("race", 3), outcome("smoke", 4)];
  const dated = { commit: "b", date: "2026-02-02" };
  expect(merged(before, machine, now)).toEqual([
    { ...outcome("smoke", 4), ...dated },
    { ...outcome("race", 3), ...dated },
    { ...outcome("data", 2), ...old },
  ]);
  for (const other of [{ gpu: "NVIDIA H100" }, { libtorch: "2.12.0" }]) {
    expect(merged(before, { ...machine, ...other }, now).map(({ name }) => name)).toEqual([
      "smoke",
      "race",
    ]);
  }
  expect(merged(undefined, machine, now)).toHaveLength(2);
});
