import { spawnSync } from "node:child_process";
import {
  accessSync,
  closeSync,
  constants,
  mkdirSync,
  openSync,
  readFileSync,
  statSync,
} from "node:fs";
import { delimiter, dirname, join } from "node:path";

/** A set-up step that cannot continue; the message says what to do and is printed without a stack trace. */
export class SetupError extends Error {
  /** @override */
  name = "SetupError";
}

/**
 * Prints a line on stderr; stdout is for the output of the command that follows.
 * @param {string} line
 */
export function say(line) {
  process.stderr.write(`set-up: ${line}\n`);
}

/**
 * Milliseconds since `start` (performance.now()) as "12 s".
 * @param {number} start
 */
export function seconds(start) {
  return `${Math.max(1, Math.round((performance.now() - start) / 1000))} s`;
}

/**
 * The first of `names` that is an executable file on PATH, or undefined.
 * @param {readonly string[]} names
 * @param {NodeJS.ProcessEnv} env
 */
export function firstOnPath(names, env) {
  const folders = (env.PATH ?? "").split(delimiter).filter(Boolean);
  return names.find((name) =>
    (name.includes("/") ? [name] : folders.map((folder) => join(folder, name))).some(executable),
  );
}

/** @param {string} file */
function executable(file) {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}

/**
 * Runs a program with its output in the file `log`. Returns whether it succeeded, and the last lines of
 * the output.
 * @param {readonly string[]} command
 * @param {{ cwd: string, env: NodeJS.ProcessEnv, log: string }} options
 */
export function runLogged(command, { cwd, env, log }) {
  const [program = "", ...args] = command;
  mkdirSync(dirname(log), { recursive: true });
  const file = openSync(log, "w");
  let result;
  try {
    result = spawnSync(program, args, { cwd, env, stdio: ["ignore", file, file] });
  } finally {
    closeSync(file);
  }
  if (result.error) return { ok: false, tail: result.error.message };
  if (result.signal === "SIGINT") throw new SetupError("interrupted.");
  return { ok: result.status === 0, tail: lastLines(readFileSync(log, "utf8")) };
}

/** @param {string} text */
function lastLines(text, count = 12) {
  return text.trimEnd().split("\n").slice(-count).join("\n");
}
