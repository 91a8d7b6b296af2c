import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join, resolve, sep } from "node:path";
import { Command } from "commander";
import { UserError } from "../../errors.js";
import { modelInfo } from "../../export/model-info.js";
import { CONTENTS, writePlayground } from "../../export/playground.js";
import { servePlayground } from "../../export/serve-playground.js";
import { missingPath } from "../../missing-path.js";
import { isFile } from "../../regular-file.js";
import { requireWritableFolder } from "../../write-atomically.js";
import { givenOf, setOption, whole } from "../options.js";
import { commandOf } from "../terminal/invocation.js";

export const command = () =>
  new Command("playground")
    .description("write a page that segments photos, videos and the camera in the browser")
    .argument("<networks...>", "a run or an ONNX file; two are compared")
    .option("--out <folder>", "the static folder to write", "playground")
    .option("--samples <images...>", "images that the page offers", [])
    .option("--serve", "serve it on this machine")
    .option("--port <n>", "port of --serve; 0 is any free port", whole("--port"), 8700)
    .addOption(setOption())
    .addHelpText(
      "after",
      `
Examples:
  cfcontra playground runs/streets-source-only-1 runs/streets-cfcontra-1 --serve
  cfcontra playground before.onnx after.onnx --samples street.jpg --out playground
  cfcontra playground playground --serve`,
    )
    .action(playground);

interface PlaygroundOptions {
  readonly out: string;
  readonly samples: readonly string[];
  readonly serve?: boolean;
  readonly port: number;
  readonly set: readonly string[];
}

async function playground(
  given: readonly string[],
  options: PlaygroundOptions,
  self: Command,
): Promise<void> {
  const { out, serve, port } = options;
  const [only] = given as [string];
  const isPlayground = given.length === 1 && existsSync(join(only, CONTENTS));
  requireUseful(options, self, isPlayground);
  if (!isPlayground) await write(given, options);
  const folder = isPlayground ? only : out;
  if (!serve) {
    process.stdout.write(
      `${folder} is complete: serve it with any web server, or with ` +
        `${commandOf("playground", folder, "--serve")}\n`,
    );
    return;
  }
  const { url } = await servePlayground(folder, port);
  process.stdout.write(`${folder} is at ${url} (Ctrl-C stops the server)\n`);
}

/** @throws UserError for options that would have no effect */
function requireUseful({ serve }: PlaygroundOptions, self: Command, isPlayground: boolean): void {
  const idle = isPlayground ? givenOf(self, ["out", "samples", "set"]) : "";
  if (idle !== "") {
    throw new UserError(
      "conflicting-options",
      `an existing playground is served as it is: leave out ${idle}, or name runs to write a new one`,
    );
  }
  if (!serve && givenOf(self, ["port"]) !== "") {
    throw new UserError("conflicting-options", "--port is the port of --serve: add --serve");
  }
}

/** Writes the playground of one or two networks. */
async function write(
  given: readonly string[],
  { out, samples, set }: PlaygroundOptions,
): Promise<void> {
  if (given.length > 2) {
    throw new UserError(
      "conflicting-options",
      `playground was given ${given.length} networks: name one, or two to compare`,
    );
  }
  if (set.length > 0 && given.every(isOnnx)) {
    throw new UserError(
      "conflicting-options",
      "--set changes the configuration of a run, and an ONNX file has none: leave out --set",
    );
  }
  requireWritableFolder(out);
  requireFree(out);
  const names = networkNames(given);
  const models = [];
  for (const [i, path] of given.entries()) {
    models.push({ name: names[i] as string, model: await modelOf(path, set) });
  }
  requireSameClasses(given, models);
  const chosen = samples.length > 0 ? samples : await samplesOf(given.at(-1) as string);
  await writePlayground(out, { models, samples: chosen });
}

const isOnnx = (path: string): boolean => path.endsWith(".onnx");

/**
 * What the page calls networks: the names of their folders or files, with as many folders above as tell two
 * apart; "before" and "after" for the same one twice.
 */
export function networkNames(paths: readonly string[]): string[] {
  const parts = paths.map((path) =>
    resolve(path)
      .replace(/\.onnx$/, "")
      .split(sep)
      .filter(Boolean),
  );
  const name = (one: readonly string[], count: number) => one.slice(-count).join("/");
  const longest = Math.max(...parts.map(({ length }) => length));
  for (let count = 1; count <= longest; count++) {
    const names = parts.map((one) => name(one, count));
    if (new Set(names).size === names.length) return names;
  }
  return ["before", "after"];
}

/** The bytes of an ONNX file; a run is exported for browsers. */
async function modelOf(path: string, set: readonly string[]): Promise<Uint8Array> {
  if (isOnnx(path)) {
    if (!isFile(path)) throw missingPath(path, "a run or a file of `cfcontra export`");
    return readFileSync(path);
  }
  const { openRun } = await import("../../experiment/index.js");
  const run = openRun(path, { set });
  try {
    return run.exportOnnx({ outputs: "labels and entropy", storage: "float16" });
  } finally {
    run.dispose();
  }
}

function requireSameClasses(
  paths: readonly string[],
  models: readonly { readonly model: Uint8Array }[],
): void {
  const [first, ...others] = models.map(({ model }, i) => {
    const info = modelInfo(model);
    if (info === undefined) {
      throw new UserError(
        "unsupported-file",
        `${paths[i]} has no class names: write the ONNX file with \`cfcontra export\``,
      );
    }
    return info.classes.map(({ name }) => name).join(", ");
  });
  for (const [i, classes] of others.entries()) {
    if (classes === first) continue;
    throw new UserError(
      "class-mismatch",
      `${paths[0]} and ${paths[i + 1]} differ in their classes (${first}; ${classes}): name networks ` +
        "of the same classes",
    );
  }
}

/** @throws UserError if `out` holds anything but an earlier playground */
function requireFree(out: string): void {
  if (!existsSync(out) || existsSync(join(out, CONTENTS)) || readdirSync(out).length === 0) return;
  throw new UserError(
    "already-exists",
    `${out} contains other files: choose an empty folder with --out`,
  );
}

const SHOWN = 6;

/** Images of a run on Streets. Those of other data sets may not be distributed. */
async function samplesOf(path: string): Promise<string[]> {
  if (isOnnx(path)) return [];
  const { runConfig } = await import("../../experiment/index.js");
  const [spec] = Object.values(runConfig(path).evaluate);
  if (spec?.type !== "streets") return [];
  const { root, domain, split = "train" } = spec as Record<string, string | undefined>;
  const folder = join(root ?? "", domain ?? "", split, "images");
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith(".png"));
  return files
    .sort()
    .slice(0, SHOWN)
    .map((name) => join(folder, name));
}
