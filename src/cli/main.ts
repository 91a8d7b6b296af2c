import { readFileSync } from "node:fs";
import { Argument, Command, CommanderError, Option } from "commander";
import { UserError } from "../errors.js";
import { addStyleCommands } from "./style-commands.js";
import { jsonOption } from "./terminal/print.js";
import { paint } from "./terminal/terminal.js";

const collect = (value: string, before: string[]) => [...before, value];
const whole = (value: string): number => {
  if (!/^\d+$/.test(value)) throw new UserError(`${value} is no whole number (0, 1, 2, ...)`);
  return Number(value);
};

const scales = (value: string): number[] => {
  const list = value.split(",").map(Number);
  if (list.every((scale) => scale > 0 && scale <= 8)) return list;
  throw new UserError(`--scales ${value}: expected numbers such as 0.75,1,1.25`);
};

const setOption = () =>
  new Option("--set <key=value>", "change one key of the configuration; may be repeated")
    .argParser(collect)
    .default([], "none");
const dataOption = () =>
  new Option("--data <folder>", "where relative data roots start from").default("data");

function version(): string {
  const file = new URL("../../package.json", import.meta.url);
  return (JSON.parse(readFileSync(file, "utf8")) as { version: string }).version;
}

/** The command line. Each command loads what it needs when it runs: `--help` stays quick. */
export function commandLine(): Command {
  const program = new Command("cfcontra")
    .description(
      "Unsupervised domain adaptation for semantic segmentation: train on labelled source images " +
        "and unlabelled target images, get a network that works on the target (CFContra, " +
        "arXiv 2103.12371). Start with `cfcontra demo`.",
    )
    .option("--debug", "show where an error comes from")
    .version(version(), "--version")
    .exitOverride()
    .configureOutput({ outputError: (text, write) => write(inRed(text)) })
    .configureHelp({ styleTitle: (title) => paint("bold", title) })
    .showHelpAfterError("(--help lists what there is)")
    .addHelpText(
      "after",
      `
Results go to stdout, everything else to stderr; --json makes one JSON value of
them. Colours follow NO_COLOR and FORCE_COLOR. The Tab key: completion --help.`,
    );

  program
    .command("demo")
    .description("compare source-only, MinEnt and CFContra on the built-in pair of domains")
    .option("--seed <n>", "seed of weights and order", whole, 1)
    .option("--out <folder>", "where to write runs and pictures", "runs/demo")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .action(async (options) => (await import("./commands/demo.js")).demo(options));

  program
    .command("train")
    .description("train a network and evaluate it")
    .option("--preset <preset>", "a preset of presets/, or the path of a YAML file", "streets")
    .option("--method <method>", "source-only, minent, cfcontra or another (docs/methods.md)")
    .option("--seed <n>", "seed of weights and order", whole)
    .option("--steps <n>", "training steps", whole)
    .option("--out <folder>", "run folder; runs/<preset>-<method>-<seed> when omitted")
    .option(
      "--dry-run",
      "print configuration, size, memory and time of the run; three steps, nothing kept",
    )
    .option("--resume <run>", "go on with an interrupted run, under its own configuration")
    .option("--processes <n>", "train in so many processes on this host, data parallel", whole)
    .option("--timeout <seconds>", "how long a process waits for the others", whole, 600)
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Examples:
  cfcontra train --preset streets --method cfcontra
  cfcontra train --preset camvid-dusk --method minent --seed 2 --data ~/data
  cfcontra train --preset streets --set train.rate=0.005 --set sizes.source=[256,128]
  cfcontra train --resume runs/streets-cfcontra-1
  cfcontra train --preset streets --processes 2    (torchrun, Slurm, Kubernetes: docs/scale.md)

The run folder holds config.yaml, metrics.jsonl, checkpoints/, previews/, result.json and more:
docs/run-folder.md.
Ctrl-C saves a checkpoint; --resume goes on from it.`,
    )
    .action(async (options) => (await import("./commands/train.js")).train(options));

  program
    .command("pretrain")
    .description("train on the source alone, for all rows of a comparison to start from")
    .option("--preset <preset>", "a preset of presets/, or the path of a YAML file", "streets")
    .option("--seed <n>", "seed of weights and order", whole)
    .option("--steps <n>", "training steps", whole)
    .option("--out <folder>", "run folder; runs/<preset>-pretrained-<seed> when omitted")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
A source-only run, with what the preset's \`pretrain\` says. A comparison then starts every method from
these weights, backbone and classifiers, so that the rows differ in the method alone. \`train\` does
this by itself where the preset has a \`pretrain\` section. The same command goes on where it was stopped.

Examples:
  cfcontra pretrain --preset streets --steps 600 --set augment.flip=true
  cfcontra train --preset streets --method minent --set network.weights=runs/streets-pretrained-1
  cfcontra train --preset streets --method cfcontra --set network.weights=runs/streets-pretrained-1`,
    )
    .action(async (options) => (await import("../experiment/pretrain.js")).pretrain(options));

  const weights = program.command("weights").description("look at and convert files of weights");
  weights
    .command("inspect")
    .description("list the tensors of a file, and say what network they look like")
    .argument("<file>", "safetensors or PyTorch's .pth, or a run folder")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
PyTorch's files are read as data: nothing that their pickles name is imported or executed, and a file
that names anything but tensors is refused. docs/weights.md says which public files fit which network.

Examples:
  cfcontra weights inspect DeepLab_resnet_pretrained_imagenet.pth
  cfcontra weights inspect runs/streets-cfcontra-1`,
    )
    .action(async (file, options) =>
      (await import("./commands/weights-inspect.js")).inspectWeights(file, options),
    );
  weights
    .command("convert")
    .description("write the tensors of a file in another format")
    .argument("<in>", "safetensors or PyTorch's .pth, or a run folder")
    .argument("<out>", "a name that ends in .safetensors, .pth or .pt")
    .addOption(jsonOption())
    .addHelpText(
      "after",
      `
Names, shapes and numbers stay as they are. Of a run's checkpoint the network is written, under the
names of its state dict, without the method's state; torch.load(OUT, weights_only=True) opens it.

Examples:
  cfcontra weights convert advent.pth advent.safetensors
  cfcontra weights convert runs/streets-cfcontra-1 adapted.pth`,
    )
    .action(async (from, to, options) =>
      (await import("./commands/weights-convert.js")).convertWeights(from, to, options),
    );

  program
    .command("evaluate")
    .description("measure a trained network on labelled images: IoU per class and mIoU")
    .argument("<run>", "run folder, or a checkpoint inside one")
    .option("--on <set>", "only this one of the configuration's evaluation sets")
    .option(
      "--scales <list>",
      "multiples of the network's size to average, e.g. 0.75,1,1.25",
      scales,
    )
    .option("--flip", "average with the mirrored image, too")
    .option("--native", "compare at the labels' own size instead of sizes.output")
    .option("--classes <n>", "also mIoU over 19, 16 or 13 of the Cityscapes classes", whole)
    .addOption(jsonOption())
    .option("--csv <file>", "also write the table as CSV")
    .option("--markdown <file>", "also write the table as Markdown, published figures beside it")
    .option("--latex <file>", "also write a row of classes and mIoU as LaTeX")
    .option("--confusion <file>", "also draw the confusion matrix (PNG)")
    .addOption(setOption())
    .addHelpText(
      "after",
      `
Examples:
  cfcontra evaluate runs/streets-cfcontra-1
  cfcontra evaluate runs/streets-cfcontra-1 --scales 0.75,1,1.25 --flip --latex row.tex
  cfcontra evaluate runs/streets-cfcontra-1 --set sizes.evaluate=[512,256] --json scores.json`,
    )
    .action(async (run, options) =>
      (await import("./commands/evaluate.js")).evaluateRun(run, options),
    );

  program
    .command("report")
    .description("write report.html into run folders: one page with everything about a run")
    .argument("<runs...>", "run folders")
    .option("--baseline <run>", "a source-only run to compare with; looked for beside when omitted")
    .action(async (runs, options) => (await import("./commands/report.js")).report(runs, options));

  program
    .command("compare")
    .description("put runs side by side: mean and deviation over seeds, classes, pictures")
    .argument("<runs...>", "run folders; those that differ in their seed alone form a group")
    .option("--out <folder>", "where to write comparison.html, .md and .json", "comparison")
    .addOption(jsonOption())
    .action(async (runs, options) =>
      (await import("./commands/compare.js")).compare(runs, options),
    );

  program
    .command("predict")
    .description("label images with a trained network")
    .usage(
      "[options] <run> <images...>\n       cfcontra predict [options] --onnx <model> <images...>",
    )
    .argument("<paths...>", "run folder or checkpoint, then image files or folders of them")
    .option("--onnx <model>", "instead of a run, a file of `export`: needs no libtorch")
    .option("--out <folder>", "where to write labels and overlays", "predictions")
    .addOption(jsonOption())
    .addOption(setOption())
    .addHelpText(
      "after",
      `
For each image: NAME.png, the train id of every pixel at the image's own size, and
NAME-overlay.jpg to look at.

Examples:
  cfcontra predict runs/streets-cfcontra-1 photos/ --out predictions
  cfcontra predict --onnx model.onnx photos/ --out predictions`,
    )
    .action(async (paths: string[], { onnx, ...options }) => {
      if (onnx !== undefined) {
        if (options.set.length > 0) throw new UserError("--set changes a run; --onnx has none");
        return (await import("./predict-onnx.js")).predictOnnx(onnx, paths, options);
      }
      const [run, ...images] = paths as [string, ...string[]];
      if (images.length === 0) {
        throw new UserError(`predict ${run}: name images, or folders of them, after the run`);
      }
      return (await import("./commands/predict.js")).predict(run, images, options);
    });

  program
    .command("export")
    .description("write a trained network as an ONNX file, for use without libtorch")
    .argument("<run>", "run folder, or a checkpoint inside one")
    .option("--out <file>", "the ONNX file", "model.onnx")
    .option("--argmax", "give labels instead of logits")
    .option("--no-upsample", "give logits at an eighth of the image's size, as the network does")
    .option("--float16", "keep weights in 16 bits: half the file, the same arithmetic")
    .option("--int8", "keep weights in 8 bits: a quarter of the file, the same arithmetic")
    .addOption(jsonOption())
    .addOption(setOption())
    .addHelpText(
      "after",
      `
The model takes \`image\` float32 [N, 3, H, W] of any size and gives \`logits\` [N, classes, H, W] or
\`labels\` uint8 [N, H, W]; classes and preprocessing are in its metadata (docs/deploy.md).

Examples:
  cfcontra export runs/streets-cfcontra-1 --out model.onnx
  cfcontra export runs/streets-cfcontra-1 --out small.onnx --argmax --int8`,
    )
    .action(async (run, options) => (await import("./commands/export.js")).exportRun(run, options));

  program
    .command("playground")
    .description("a page that segments photos, videos and the camera in the browser")
    .argument("<networks...>", "a run or an ONNX file; two are compared as before and after")
    .option("--out <folder>", "the static folder to write", "playground")
    .option("--samples <images...>", "images for the page to offer", [])
    .option("--serve", "serve it on this machine")
    .option("--port <n>", "port of --serve; 0 takes any", whole, 8700)
    .addOption(setOption())
    .addHelpText(
      "after",
      `
Examples:
  cfcontra playground runs/streets-source-only-1 runs/streets-cfcontra-1 --serve
  cfcontra playground before.onnx after.onnx --samples street.jpg --out playground
  cfcontra playground playground --serve`,
    )
    .action(async (networks, options) =>
      (await import("./commands/playground.js")).playground(networks, options),
    );

  program
    .command("dashboard")
    .description("watch and compare runs in a browser, while they train and afterwards")
    .argument("[runs]", "folder of run folders, or one of them", "runs")
    .option("--port <n>", "7700, or one of the next that is free, when omitted", whole)
    .option("--host <address>", "another one than 127.0.0.1 asks visitors for a token", "127.0.0.1")
    .addHelpText(
      "after",
      `
Examples:
  cfcontra dashboard
  cfcontra dashboard runs/demo --port 8080
  ssh -L 7700:localhost:7700 machine cfcontra dashboard   # from another machine`,
    )
    .action(async (runs, options) =>
      (await import("./commands/dashboard.js")).dashboard(runs, options),
    );

  addStyleCommands(program, { setOption, dataOption, whole });

  const data = program.command("data").description("look at data sets");
  data
    .command("check")
    .description("read a data set whole: counts, classes, problems, and a sheet of pictures")
    .argument("<preset>", "preset or YAML file that names it")
    .option("--set-of <domain>", "source, target, or the name of an evaluation set", "source")
    .option("--out <file>", "where to write the contact sheet", "contact-sheet.png")
    .option("--limit <n>", "read only so many images", whole)
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Examples:
  cfcontra data check streets --set-of target
  cfcontra data check camvid-dusk --set-of dusk --data ~/data --limit 50`,
    )
    .action(async (preset, options) => (await import("./check.js")).check(preset, options));

  program
    .command("completion")
    .description("print a script that completes commands, options and their values")
    .addArgument(new Argument("<shell>", "what to write it for").choices(["bash", "zsh", "fish"]))
    .addHelpText(
      "after",
      `
Keep it where the shell looks for it, anew after an update, and open a new shell:
  cfcontra completion bash > ~/.local/share/bash-completion/completions/cfcontra
  cfcontra completion zsh > ~/.zfunc/_cfcontra    (.zshrc: fpath+=(~/.zfunc); autoload -U compinit; compinit)
  cfcontra completion fish > ~/.config/fish/completions/cfcontra.fish
bash without the package bash-completion: name any file, and \`source\` it in .bashrc.

It completes the command \`cfcontra\`: of a global install (npm install -g), of \`npm link\` in a clone,
or of a function, cfcontra() { npx cfcontra "$@"; }`,
    )
    .action(async (shell) => (await import("./completion/index.js")).completion(shell, program));
  return program;
}

/** Nobody reads on (`| head`): that ends neither a training nor, with a stack trace, anything else. */
const unread = (error: NodeJS.ErrnoException) => {
  if (error.code !== "EPIPE") throw error;
};

/** Runs a command; errors become one sentence on stderr. Returns the exit code. */
export async function main(argv: readonly string[]): Promise<number> {
  const program = commandLine();
  for (const stream of [process.stdout, process.stderr]) {
    stream.off("error", unread).on("error", unread);
  }
  try {
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
