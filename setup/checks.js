import { spawnSync } from "node:child_process";
import { existsSync, readdirSync } from "node:fs";
import { join } from "node:path";
import { seconds } from "./say.js";

/**
 * Folders with a TypeScript project: the root, and each folder below it that has a tsconfig.json.
 * @param {string} root
 */
export function projects(root) {
  const folders = readdirSync(root, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(join(root, entry.name, "tsconfig.json")))
    .map(({ name }) => name);
  return [".", ...folders.filter((name) => !["node_modules", "dist", "build"].includes(name))];
}

/**
 * The checks of `npm run check`: a name, a program of node_modules/ and its arguments.
 * @param {string} root
 * @returns {string[][]}
 */
export function checks(root) {
  const packages = join(root, "node_modules");
  const tsc = join(packages, "typescript", "bin", "tsc");
  const biome = join(packages, "@biomejs", "biome", "bin", "biome");
  const vitest = join(packages, "vitest", "vitest.mjs");
  return [
    ...projects(root).map((folder) => [`types of ${folder}`, tsc, "-p", folder, "--noEmit"]),
    ["lint and format", biome, "check", "."],
    ["layers and documents", vitest, "run", "test/layers.test.ts", "test/docs"],
  ];
}

/**
 * Runs all checks, even if one fails, and returns the names of those that failed.
 * @param {string} root
 */
export function failing(root, list = checks(root)) {
  return list
    .filter(([name = "", ...command]) => {
      const start = performance.now();
      const { status } = spawnSync(process.execPath, command, { cwd: root, stdio: "inherit" });
      console.log(`${name}: ${status === 0 ? "passed" : "FAILED"} (${seconds(start)})`);
      return status !== 0;
    })
    .map(([name = ""]) => name);
}
