import { join } from "node:path";
import { expect, test, vi } from "vitest";
import { checks, failing, projects } from "../../setup/checks.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { write } from "./fake-libtorch.js";

test("checks the types of every folder with a tsconfig.json", async () => {
  await inTemporaryFolder(async (root) => {
    for (const folder of ["web", "test", "node_modules", "dist"]) {
      write(join(root, folder, "tsconfig.json"), "{}");
    }
    write(join(root, "docs", "notes.md"));
    expect(projects(root)).toEqual([".", "test", "web"]);
    const types = checks(root).filter(([name]) => name?.startsWith("types of"));
    expect(types.map(([, , ...args]) => args)).toEqual([
      ["-p", ".", "--noEmit"],
      ["-p", "test", "--noEmit"],
      ["-p", "web", "--noEmit"],
    ]);
  });
});

test("runs all checks, and returns the names of those that fail", async () => {
  await inTemporaryFolder(async (root) => {
    write(join(root, "passes.js"), "");
    write(join(root, "fails.js"), "process.exit(2)");
    const said = vi.spyOn(console, "log").mockReturnValue();
    try {
      const list = ["fails", "passes", "fails"].map((name, i) => [`${name} ${i}`, `${name}.js`]);
      expect(failing(root, list)).toEqual(["fails 0", "fails 2"]);
      expect(said.mock.calls.map(([line]) => line.replace(/ \(.*/, ""))).toEqual([
        "fails 0: FAILED",
        "passes 1: passed",
        "fails 2: FAILED",
      ]);
    } finally {
      said.mockRestore();
    }
  });
});
