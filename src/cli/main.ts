import { setImmediate } from "node:timers/promises";
import { CommanderError } from "commander";
import { type ErrorCode, UserError, unwritableError } from "../errors.js";
import { printable } from "../printable.js";
import { commandLine } from "./command-line.js";
import { columnsOf, paint, wrapped } from "./terminal/terminal.js";

/** Why results on stdout were lost, if they were. */
let lost: NodeJS.ErrnoException | undefined;
/** Output that nobody reads (`| head`) or that has no room (a full disk) never ends a training. */
const unwritable = () => {};
const unwritten = (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") lost ??= error;
};

/** Runs a command; errors become one sentence on stderr. Returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const code = await run(argv).catch((error: unknown) => failed(error, argv));
  await setImmediate(); // in which a failed write arrives
  if (code !== 0 || lost === undefined) return code;
  return failed(unwritableError("the output", lost), argv);
}

/** Runs a command. Returns its exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  process.stdout.off("error", unwritten).on("error", unwritten);
  process.stderr.off("error", unwritable).on("error", unwritable);
  const program = await commandLine(argv);
  if (argv.length === 0) program.outputHelp();
  else await program.parseAsync(argv, { from: "user" });
  return Number(process.exitCode ?? 0);
}

/** Prints why a command failed. Returns the exit code. */
export function failed(error: unknown, argv: readonly string[]): number {
  if (error instanceof CommanderError) return error.exitCode; // has printed its message
  const explained = explain(error);
  const text = argv.includes("--debug") ? `${(error as Error).stack}` : explained.text;
  const lines = `error: ${withoutControls(text)}`
    .split("\n")
    .map((line) => wrapped(line, columnsOf(process.stderr), 2));
  process.stderr.write(`${inRed(lines.join("\n"))}\n`);
  if (asksForJson(argv)) {
    const { code, text: message } = explained;
    process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  }
  return explained.code === "stopped" ? 130 : 1; // as after Ctrl-C in other programs
}

/** Names of files may contain control sequences, which a terminal would obey. */
const withoutControls = (text: string) =>
  text
    .split("\n")
    .map((line) => printable(line))
    .join("\n");

/** Whether a command line asks for JSON on stdout: `--json` without a file. */
function asksForJson(argv: readonly string[]): boolean {
  const at = argv.indexOf("--json");
  return at >= 0 && (argv[at + 1] ?? "-").startsWith("-");
}

const inRed = (text: string): string =>
  text.replace(/^error:/, (word) => paint("red", word, process.stderr));

/** System errors that are the machine's, or a path's, and not a bug, by their codes. */
const SYSTEM: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  EACCES: ["not-writable", "permission denied; check the permissions, or choose another path"],
  EPERM: ["not-writable", "not permitted; check the permissions, or choose another path"],
  EROFS: ["not-writable", "the disk is read-only; choose another folder"],
  EDQUOT: ["disk-full", "the disk quota is used up; free some space"],
  ENOENT: ["not-found", "it does not exist; check the path"],
  ENOTDIR: ["not-found", "a part of the path is a file; check the path"],
  EISDIR: ["unsupported-file", "it is a folder; name a file"],
  EEXIST: ["already-exists", "a file is in the way; choose another path"],
  ENAMETOOLONG: ["invalid-value", "the name is too long; choose a shorter one"],
  ELOOP: ["not-found", "its links lead in a circle; check the path"],
  EIO: ["not-writable", "the disk has an I/O error; use another disk"],
  EMFILE: ["not-readable", "too many files are open; raise the limit (ulimit -n)"],
  ENFILE: ["not-readable", "too many files are open on this machine; close other programs"],
};

/** The error of a system call on a file; undefined for another error. */
function fileError({ code = "", path, dest, syscall }: NodeJS.ErrnoException & { dest?: string }) {
  const [kind, advice] = SYSTEM[code] ?? [];
  if (kind === undefined || syscall === undefined) return undefined;
  const file = dest ?? path ?? "";
  return { code: kind, text: `cannot ${syscall} ${file} (${code}): ${advice}` };
}

/** An error in a sentence, with a code of `ERROR_CODES`; "bug" for what should not happen. */
function explain(error: unknown): { readonly code: ErrorCode | "bug"; readonly text: string } {
  if (error instanceof UserError) return { code: error.code, text: error.message };
  const { message } = error as Error;
  const [first] = message.split("\n");
  if (/alloc(ate)? memory|bad_alloc|out of memory/i.test(message)) {
    const text =
      "out of memory: set smaller sizes, train.batch or network.width, or " +
      "train.precision=bfloat16 (checkpoints are intact)";
    return { code: "out-of-memory", text };
  }
  if (/ENOSPC|No space left on device/i.test(message)) {
    return { code: "disk-full", text: `the disk is full (${first}): make room and try again` };
  }
  const file = fileError(error as NodeJS.ErrnoException);
  if (file !== undefined) return file;
  const text = `${message}\n(this is a bug, or an error that deserves a better message; --debug shows the stack)`;
  return { code: "bug", text };
}
