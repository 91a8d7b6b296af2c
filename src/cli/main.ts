import { setImmediate } from "node:timers/promises";
import { CommanderError } from "commander";
import { type ErrorCode, UserError, unwritableError } from "../errors.js";
import { commandLine } from "./command-line.js";
import { paint } from "./terminal/terminal.js";

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
  process.stderr.write(`${inRed(`error: ${text}`)}\n`);
  if (asksForJson(argv)) {
    const { code, text: message } = explained;
    process.stdout.write(`${JSON.stringify({ error: { code, message } }, null, 2)}\n`);
  }
  return 1;
}

/** Whether a command line asks for JSON on stdout: `--json` without a file. */
function asksForJson(argv: readonly string[]): boolean {
  const at = argv.indexOf("--json");
  return at >= 0 && (argv[at + 1] ?? "-").startsWith("-");
}

const inRed = (text: string): string =>
  text.replace(/^error:/, (word) => paint("red", word, process.stderr));

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
  const text = `${message}\n(this is a bug, or an error that deserves a better message; --debug shows the stack)`;
  return { code: "bug", text };
}
