import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ReleaseError } from "./error.js";

const packages = fileURLToPath(new URL("../node_modules", import.meta.url));

/** A first program of a user; it runs without libtorch. */
const PROGRAM = `
import { type ClassSet, methods, nn, openDataset, openExperiment, torch, trainingSteps, UserError, version } from "cfcontra";
import { openModel } from "cfcontra/onnx";
import { resized } from "cfcontra/pixels";
import { openSegmenter } from "cfcontra/segmenter";

export const names = (set: ClassSet): readonly string[] => set.names;
const values = [methods, nn, openDataset, openExperiment, openModel, openSegmenter, resized, torch, trainingSteps, UserError];
if (values.some((value) => value === undefined)) throw new Error("an export is missing");
console.log(version);
`;
const PROJECT = {
  compilerOptions: {
    ...{ module: "nodenext", target: "es2022", strict: true, exactOptionalPropertyTypes: true },
    ...{ types: ["node"], typeRoots: [join(packages, "@types")] },
  },
  files: ["index.ts"],
};

/**
 * Installs a tarball in an empty folder outside of any clone and uses it like a new user: runs the
 * commands that do not need libtorch, and compiles and runs a program.
 * @throws ReleaseError with what failed and the last lines of its output
 * @param {string} folder
 * @param {string} tarball
 * @param {string} version
 */
export function installedIn(folder, tarball, version) {
  writeFileSync(join(folder, "package.json"), '{ "private": true, "type": "module" }\n');
  run(folder, "npm", "install", "--prefer-offline", "--no-audit", "--no-fund", tarball);
  expectLine(run(folder, "npx", "--no-install", "cfcontra", "--version"), version);
  expectLine(run(folder, "npx", "--no-install", "cfcontra", "--help"), "Usage: cfcontra");
  writeFileSync(join(folder, "index.ts"), PROGRAM);
  writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(PROJECT));
  run(folder, process.execPath, join(packages, "typescript", "bin", "tsc"), "-p", ".");
  expectLine(run(folder, process.execPath, "index.js"), version);
}

/**
 * Runs `installedIn` in a temporary folder, and removes it.
 * @param {string} tarball
 * @param {string} version
 */
export function tryPackage(tarball, version) {
  const folder = mkdtempSync(join(tmpdir(), "cfcontra-package-"));
  try {
    installedIn(folder, tarball, version);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

/** @param {string} cwd @param {string} command @param {string[]} args */
function run(cwd, command, ...args) {
  const { status, stdout, stderr, error } = spawnSync(command, args, { cwd, encoding: "utf8" });
  if (status === 0) return stdout;
  const tail = `${stdout}${stderr}`.trimEnd().split("\n").slice(-12).join("\n");
  throw new ReleaseError(
    `\`${[command, ...args].join(" ")}\` fails in an empty project:\n${error?.message ?? tail}`,
  );
}

/** @param {string} output @param {string} line */
function expectLine(output, line) {
  if (output.split("\n").some((found) => found.startsWith(line))) return;
  throw new ReleaseError(`expected a line "${line}" in an empty project, got:\n${output}`);
}
