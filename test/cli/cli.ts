import { spawn } from "node:child_process";
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, onTestFinished, vi } from "vitest";
import { stringify } from "yaml";
import { failed, run } from "../../src/cli/main.js";
import { type ErrorCode, UserError } from "../../src/errors.js";

/** The program, for tests that need a separate process. */
export const BIN = fileURLToPath(new URL("../../bin/cfcontra.js", import.meta.url));

/** `cfcontra train` as a separate command. */
export const trainCommand = (...args: string[]) => [process.execPath, BIN, "train", ...args];

/** What a command printed and returned. */
export interface Outcome {
  /** The exit code. */
  readonly code: number;
  /** The code of the UserError that ended it; undefined if none did. */
  readonly error: ErrorCode | undefined;
  readonly out: string;
  readonly err: string;
}

/** Runs the command line inside this process. */
export async function cli(...argv: string[]): Promise<Outcome> {
  const printed = { out: "", err: "" };
  const keep = (into: "out" | "err") => (text: unknown) => {
    printed[into] += String(text);
    return true;
  };
  const out = vi.spyOn(process.stdout, "write").mockImplementation(keep("out"));
  const err = vi.spyOn(process.stderr, "write").mockImplementation(keep("err"));
  let error: ErrorCode | undefined;
  try {
    const code = await run(argv).catch((reason: unknown) => {
      if (reason instanceof UserError) error = reason.code;
      return failed(reason, argv);
    });
    return { code, error, ...printed };
  } finally {
    out.mockRestore();
    err.mockRestore();
    process.exitCode = undefined;
  }
}

/**
 * Runs a command until it prints `sign`, or until `sign` is true, and then stops it as Ctrl-C does: with the programs
 * that it has started.
 */
export async function stoppedAt(sign: RegExp | (() => boolean), ...args: string[]) {
  const stdio = ["ignore", "ignore", "pipe"] as const;
  const child = spawn(process.execPath, [BIN, ...args], { stdio: [...stdio], detached: true });
  let err = "";
  child.stderr?.on("data", (text) => (err += text));
  const look = setInterval(() => {
    if (!(sign instanceof RegExp ? sign.test(err) : sign())) return;
    clearInterval(look);
    if (child.exitCode === null) process.kill(-(child.pid as number), "SIGINT");
  }, 20);
  onTestFinished(() => void child.kill("SIGKILL"));
  const code = await new Promise((resolve) => child.once("close", resolve));
  clearInterval(look);
  return { code, err };
}

/**
 * Expects a command to have ended with a UserError: exit code 1, and the message alone, on one line, as the
 * last that it printed.
 * @param names what the message must contain: files, keys, values, or a suggestion
 */
export function expectError(
  { code, error, err }: Pick<Outcome, "code" | "error" | "err">,
  expected: ErrorCode,
  ...names: readonly string[]
): void {
  expect(error, err).toBe(expected);
  expect(code).toBe(1);
  const [last = "", ...before] = err.trimEnd().split("\n").reverse();
  expect(last).toMatch(/^error: /);
  expect(before.filter((line) => /^error: |^\s+at /.test(line))).toEqual([]);
  for (const name of names) expect(last).toContain(name);
}

/** A configuration that trains in a moment, on the fixtures below `root`. */
export function tiny(root: string, changes: object = {}) {
  const camvid = { type: "camvid", root: join(root, "camvid"), classes: "cityscapes" };
  return {
    source: { type: "gta5", root: join(root, "gta5") },
    target: { type: "cityscapes", root: join(root, "cityscapes"), split: "train" },
    evaluate: { camvid },
    sizes: { source: [64, 32], target: [64, 32], evaluate: [64, 32] },
    network: { backbone: "resnet18", width: 0.125, head: "linear", init: "he" },
    train: { steps: 3, batch: 1, rate: 0.001, precision: "float32", checkpointEvery: 1 },
    ...changes,
  };
}

/** Writes a configuration as `root/name.yaml` and returns the path. */
export async function preset(root: string, config: object, name = "tiny"): Promise<string> {
  const path = join(root, `${name}.yaml`);
  await writeFile(path, stringify(config));
  return path;
}
