import { Command } from "commander";
import { version } from "../version.js";
import { paint } from "./terminal/terminal.js";

type Load = () => Promise<{ readonly command: () => Command }>;

/** All commands, in the order of the help. A group contains commands. */
const COMMANDS: Readonly<Record<string, Load | Group>> = {
  demo: () => import("./commands/demo.js"),
  init: () => import("./commands/init.js"),
  train: () => import("./commands/train.js"),
  pretrain: () => import("./commands/pretrain.js"),
  weights: {
    description: "inspect and convert files of weights",
    commands: [
      () => import("./commands/weights-inspect.js"),
      () => import("./commands/weights-convert.js"),
    ],
  },
  evaluate: () => import("./commands/evaluate.js"),
  report: () => import("./commands/report.js"),
  compare: () => import("./commands/compare.js"),
  predict: () => import("./commands/predict.js"),
  choose: () => import("./commands/choose.js"),
  export: () => import("./commands/export.js"),
  playground: () => import("./commands/playground.js"),
  dashboard: () => import("./commands/dashboard.js"),
  style: {
    description: "the coarse stage: give source images the look of the target's",
    commands: [
      () => import("./commands/style-preview.js"),
      () => import("./commands/style-train.js"),
      () => import("./commands/style-apply.js"),
    ],
  },
  data: {
    description: "inspect data sets",
    commands: [() => import("./commands/data-check.js")],
  },
  setup: () => import("./commands/setup.js"),
  completion: () => import("./commands/completion.js"),
};

interface Group {
  readonly description: string;
  readonly commands: readonly Load[];
}

/**
 * The command line. Loads only the command in `argv`, or all commands if there is none. A command loads
 * libtorch when it runs, so that help is fast.
 */
export async function commandLine(argv: readonly string[] = []): Promise<Command> {
  const program = new Command("cfcontra")
    .description(
      "Unsupervised domain adaptation for semantic segmentation: train on labelled source images " +
        "and unlabelled target images, get a network that works on the target (CFContra, " +
        "arXiv 2103.12371). Start with `cfcontra demo`.",
    )
    .option("--debug", "print the stack trace of an error")
    .version(version, "--version")
    .exitOverride()
    .configureOutput({
      outputError: (text, write) =>
        write(text.replace(/^error:/, (word) => paint("red", word, process.stderr))),
    })
    .configureHelp({ styleTitle: (title) => paint("bold", title) })
    .showHelpAfterError("(--help lists commands and options)")
    .addHelpText(
      "after",
      `
Results go to stdout, everything else to stderr; --json prints results as one
JSON value. Colours follow NO_COLOR and FORCE_COLOR. For the Tab key, see
completion --help.`,
    );
  for (const [name, entry] of Object.entries(COMMANDS)) {
    if (!isNeeded(name, argv)) continue;
    if (typeof entry === "function") add(program, await entry());
    else {
      const group = program.command(name).description(entry.description);
      for (const load of entry.commands) add(group, await load());
    }
  }
  return program;
}

/** Whether a command line needs a command: the one in `argv`, or all of them for help. */
function isNeeded(name: string, argv: readonly string[]): boolean {
  const [named = ""] = argv.filter((word) => word !== "--debug");
  const alone = Object.hasOwn(COMMANDS, named) && named !== "completion"; // which completes all
  return !alone || named === name;
}

function add(program: Command, { command }: Awaited<ReturnType<Load>>): void {
  program.addCommand(command().copyInheritedSettings(program));
}
