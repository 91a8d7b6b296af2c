import { CommanderError } from "commander";
import { UserError } from "../errors.js";
import { commandLine } from "./command-line.js";
import { paint } from "./terminal/terminal.js";

/** Output that nobody reads (`| head`) or that has no room (a full disk) never ends a training. */
const unwritable = () => {};

/** Runs a command; errors become one sentence on stderr. Returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  for (const stream of [process.stdout, process.stderr]) {
    stream.off("error", unwritable).on("error", unwritable);
  }
  try {
    const program = await commandLine(argv);
    if (argv.length === 0) {
      program.outputHelp();
      return 0;
    }
    await program.parseAsync(argv, { from: "user" });
    return Number(process.exitCode ?? 0);
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode; // has printed what it has to say
    const debug = argv.includes("--debug");
    const text = debug ? `${(error as Error).stack}` : explain(error);
    process.stderr.write(`${inRed(text)}\n`);
    return 1;
  }
}

const inRed = (text: string): string =>
  text.replace(/^error:/, (word) => paint("red", word, process.stderr));

function explain(error: unknown): string {
  if (error instanceof UserError) return `error: ${error.message}`;
  const { message } = error as Error;
  if (/alloc(ate)? memory|bad_alloc|out of memory/i.test(message)) {
    return (
      "error: no memory left; make sizes, train.batch or network.width smaller, or use " +
      "train.precision=bfloat16 (checkpoints are intact)"
    );
  }
  if (/ENOSPC|No space left on device/i.test(message)) {
    return `error: the disk is full; make room, and type it again (${message.split("\n")[0]})`;
  }
  return `error: ${message}\n(this is a bug, or an error that should be kinder; --debug shows where it comes from)`;
}
