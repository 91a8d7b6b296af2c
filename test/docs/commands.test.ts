import { existsSync, readFileSync } from "node:fs";
import { basename } from "node:path";
import type { Command } from "commander";
import { beforeAll, describe, expect, test } from "vitest";
import { parse } from "yaml";
import { z } from "zod";
import { commandLine } from "../../src/cli/command-line.js";
import { configSchema } from "../../src/experiment/config.js";
import { configuration, presetNames } from "../../src/experiment/presets.js";
import { METHODS, type MethodName, methods } from "../../src/methods/index.js";
import { STYLES } from "../../src/style/index.js";
import { inTemporaryFolder } from "../datasets/fixtures.js";
import { inlineCode, PAGES, presetIn } from "./markdown.js";
import { argumentsOf, commandsIn, commandsInText, type ShellCommand, words } from "./shell.js";

/** Commands that cannot be checked here, by their beginning, and why. */
const ELSEWHERE = {
  "npx biome": "a tool with options of its own",
  "npx tsc": "a tool with options of its own",
  "export OMP_NUM_THREADS=": "a variable of a batch script",
  "tensorboard --logdir": "another program",
  "npx cfcontra train --preset streets --method infomax": "a method that the reader writes",
  "npx cfcontra train --preset streets --set network.backbone=vgg16":
    "a backbone that the reader writes",
};

interface Parsed {
  readonly name: string;
  readonly operands: readonly string[];
  // biome-ignore lint/suspicious/noExplicitAny: options of any command
  readonly options: any;
}

/** Parses a command with the command line; throws its error. */
async function understood(argv: readonly string[]): Promise<Parsed> {
  const program = await commandLine();
  let parsed: Parsed | undefined;
  const listen = (command: Command, name: string) => {
    command.exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} });
    if (command.commands.length === 0) {
      command.action(() => {
        parsed = { name, operands: command.args, options: command.opts() };
      });
    }
    for (const inner of command.commands) listen(inner, `${name} ${inner.name()}`.trim());
  };
  listen(program, "");
  const numbered = argv.map((word) => (word === "N" ? "2" : word));
  await program.parseAsync(numbered, { from: "user" });
  return parsed as unknown as Parsed;
}

const TAKES_PRESET = ["data check", "style preview", "style train", "style apply"];

/** Checks the configuration that a command uses. */
async function checkConfiguration(parsed: Parsed, page: string): Promise<void> {
  const { name, operands, options } = parsed;
  const { method, seed, steps } = options;
  const set = (options.set ?? []).filter((text: string) => !/=[A-Z]+$/.test(text)); // style.method=NAME
  const named = TAKES_PRESET.includes(name) ? operands[0] : options.preset;
  await inTemporaryFolder(async (folder) => {
    const preset = named?.endsWith(".yaml") ? presetIn(page, named, folder) : (named ?? "streets");
    configuration({ preset, method, seed, steps, set }); // throws what the command would say
  });
  const styles = [...(options.styles?.split(",") ?? []), ...(options.style ? [options.style] : [])];
  expect([...STYLES, "adain", "NAME"]).toEqual(expect.arrayContaining(styles));
}

/** `runs/PRESET-METHOD-SEED` must have the name of a preset and a method; other runs come from an `--out`. */
function checkRuns({ words, page }: ShellCommand): void {
  const rows = [...METHODS, "pretrained"].join("|");
  const outs = commandsIn(page).map((other) => other.words[other.words.indexOf("--out") + 1]);
  for (const word of words) {
    const [, run = ""] = /^(?:.*=)?runs\/([^/*]+)-\d+$/.exec(word) ?? [];
    if (run === "" || outs.includes(word)) continue;
    const [, preset] = new RegExp(`^(.+?)-(${rows})$`).exec(run) ?? [];
    expect([word, [...presetNames(), "mine"].includes(preset as string)]).toEqual([word, true]);
  }
}

async function check(command: ShellCommand): Promise<void> {
  if (Object.keys(ELSEWHERE).some((beginning) => command.text.startsWith(beginning))) return;
  const [program, first, second, third] = command.words.filter((word) => !/^[A-Z_]+=/.test(word));
  const argv = argumentsOf(command);
  if (program === "npm") {
    const { scripts } = JSON.parse(readFileSync("package.json", "utf8"));
    expect(Object.keys(scripts)).toContain(first === "run" ? second : first);
  } else if (first === "vitest") {
    expect([third, existsSync(third as string)]).toEqual([third, true]);
  } else if (!argv) throw new Error("unknown command");
  if (argv) {
    await checkConfiguration(await understood(argv), command.page);
    checkRuns(command);
  }
}

describe("commands are valid, with their presets, methods and keys", () => {
  const all = [...PAGES.keys()].flatMap((page) => [...commandsIn(page), ...commandsInText(page)]);
  test("exist", () => expect(all.length).toBeGreaterThan(100));
  test.each(all.map((command) => [basename(command.page), command.text, command] as const))(
    "%s: %s",
    (_page, _text, command) => check(command),
  );

  test.each([
    "cfcontra trian",
    "cfcontra train --stpes 3",
    "cfcontra train --set train.stpes=3",
    "cfcontra train --preset street",
    "cfcontra train --preset yours.yaml",
    "cfcontra evaluate runs/streets-mient-1",
    "cfcontra style preview streets --styles colour",
    "npm run dmeo",
    "npx vitest run test/nowhere",
    "frobnicate",
  ])("and `%s` is not", async (text) => {
    await expect(check({ page: "README.md", text, words: words(text) })).rejects.toThrow();
  });
});

/** A key of the configuration in backticks: `train.rate`, `--set style.method=coral`. */
const KEY =
  /^(?:--set )?((?:train|network|sizes|style|options|augment|sampling|pretrain)(?:\.[\w-]+)+)(?:[=:] ?(.*))?$/;

/** The schema of a key; undefined if it does not exist. */
function schemaAt(path: string): z.ZodType | undefined {
  const keys = path.split(".");
  // biome-ignore lint/suspicious/noExplicitAny: zod's definitions have a shape for each kind
  let at: any = configSchema;
  if (keys[0] === "options") {
    at = methods[keys[1] as MethodName]?.options;
    keys.splice(0, 2);
  }
  for (const key of keys) {
    while (at && !at.shape) at = at._zod.def.innerType ?? at._zod.def.out;
    at = at?.shape[key];
  }
  return at;
}

describe("keys on a page are keys of the configuration", () => {
  test("exist", () => {
    const named = [...PAGES.keys()].flatMap(inlineCode).filter((code) => KEY.test(code));
    expect(named.length).toBeGreaterThan(50);
    expect(schemaAt("train.stpes")).toBeUndefined();
  });
  test.each([...PAGES.keys()])("%s", (page) => {
    for (const code of inlineCode(page)) {
      const [, path, value] = KEY.exec(code) ?? [];
      if (path === undefined) continue;
      const schema = schemaAt(path);
      expect([code, schema !== undefined]).toEqual([code, true]);
      if (!value || /^[A-Z]/.test(value)) continue;
      expect([code, z.safeParse(schema as z.ZodType, parse(value)).success]).toEqual([code, true]);
    }
  });
});

describe("options on a page are options of a command", () => {
  const known = new Set(["--help", "--no_python", "--requeue"]); // torchrun's, Slurm's
  const collect = (command: Command) => {
    for (const { long } of command.options) if (long) known.add(long);
    for (const inner of command.commands) collect(inner);
  };
  beforeAll(async () => collect(await commandLine()));
  const optionsOf = (page: string) =>
    inlineCode(page).flatMap((code) => /^--[\w-]+/.exec(code)?.[0] ?? []);
  test("there are many", () =>
    expect([...PAGES.keys()].flatMap(optionsOf).length).toBeGreaterThan(30));
  test.each([...PAGES.keys()])("%s", (page) => {
    const options = optionsOf(page);
    expect(options.filter((option) => !known.has(option))).toEqual([]);
  });
});
