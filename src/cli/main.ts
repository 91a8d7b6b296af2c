import { CommanderError } from "commander";
import { type ErrorCode, UserError } from "../errors.js";
import { commandLine } from "./command-line.js";
import { columnsOf, paint, wrapped } from "./terminal/terminal.js";

/** Output that nobody reads (`| head`) or that has no room (a full disk) never ends a training. */
const unwritable = () => {};

/** Runs a command; errors become one sentence on stderr. Returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  try {
    return await run(argv);
  } catch (error) {
    return failed(error, argv);
  }
}

/** Runs a command. Returns its exit code. */
export async function run(argv: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.off("error", unwritable).on("error", unwritable);
  }
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
  const lines = `error: ${text}`
    .split("\n")
    .map((line) => wrapped(line, columnsOf(process.stderr), 2));
  process.stderr.write(`${inRed(lines.join("\n"))}\n`);
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
