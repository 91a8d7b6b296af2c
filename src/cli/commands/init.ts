import { mkdirSync, rmSync, writeFileSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { Command } from "commander";
import { checkDataset } from "../../datasets/check.js";
import { UserError, writing } from "../../errors.js";
import type { Draft, Questions } from "../../experiment/starter/index.js";
import { writeRgb } from "../../report/pictures.js";
import { requireNew } from "../new-files.js";
import { dataOption } from "../options.js";
import { asking, silent } from "../terminal/ask.js";
import { commandOf } from "../terminal/invocation.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";
import { note } from "../terminal/progress.js";

export const command = () =>
  new Command("init")
    .description(
      "write a preset for your own images: recognises layouts and labelling tools' exports",
    )
    .argument("<source>", "folder of labelled images: a simulator's, a published set, an export")
    .argument("<target>", "folder of your camera's images; labels are not needed")
    .option("--evaluate <folder>", "folder of labelled images of the camera, to measure on")
    .option("--out <file>", "the preset to write", "camera.yaml")
    .option("-y, --yes", "do not ask: write placeholders for what is not known")
    .addOption(jsonOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Reads some files of each folder, and draws an example of each label value that has no name
into a picture next to the preset. An existing file is never overwritten.

Examples:
  cfcontra init simulator camera
  cfcontra init ~/data/gta5 ~/data/camera --evaluate ~/data/cvat-export --out mine.yaml`,
    )
    .action(init);

interface InitOptions {
  readonly evaluate?: string;
  readonly out: string;
  readonly yes?: boolean;
  readonly json?: Json;
  readonly data: string;
}

/** Samples of each set that are read through the preset. */
const CHECKED = 8;

/** Writes a preset, and reads some samples through it. */
async function init(source: string, target: string, options: InitOptions): Promise<void> {
  const { evaluate, out, yes, json, data } = options;
  requirePresetName(out);
  const pictures = ["source", "camera"].slice(0, evaluate === undefined ? 1 : 2);
  requireFree(out, ...pictures.map((set) => pictureOf(out, set)));
  const { draftPreset, presetText } = await import("../../experiment/starter/index.js");
  const interactive =
    !yes && json !== true && process.stdin.isTTY === true && process.stderr.isTTY === true;
  const drawn: string[] = [];
  const questions = { ...(interactive ? asking : silent), examples: examplesBeside(out, drawn) };
  let draft: Draft;
  try {
    draft = await draftPreset({ source, target, evaluate }, questions);
    writePreset(out, presetText(draft, data));
  } catch (error) {
    for (const file of drawn) rmSync(file, { force: true }); // the next try would be refused
    throw error;
  }
  const problems = await problemsOf(out, data);
  const from = data === "data" ? [] : ["--data", data];
  const sets = ["source", "target", ...(evaluate === undefined ? [] : ["camera"])];
  const next = [
    ...sets.map((name) => commandOf("data", "check", out, "--set-of", name, ...from)),
    commandOf("train", "--preset", out, "--method", "minent", "--dry-run", ...from),
  ];
  const found = [draft.source, draft.target, ...(draft.evaluate ? [draft.evaluate] : [])];
  const lines = found.map(
    ({ found, report }, i) =>
      `${sets[i]}: ${found.spec.type}, ${report.images} images, ${found.spec.root}`,
  );
  const open = draft.open.map((item) => `  ${item}`);
  const wrong = problems.map((problem) => `  ${problem}`);
  print(
    [
      ...lines,
      `\nwrote ${out}`,
      ...(open.length > 0 ? ["\nto fill in (marked FILL IN):", ...open] : []),
      ...(wrong.length > 0 ? ["\nproblems:", ...wrong] : []),
      "\nnext:",
      ...next.map((line) => `  ${line}`),
    ].join("\n"),
    () => ({
      file: out,
      sets: found.map(({ found, spec, report, examples }, i) => ({
        name: sets[i],
        recognised: found.spec.type,
        type: spec.type,
        root: spec.root,
        images: report.images,
        ...(examples !== undefined && { examples: join(dirname(out), examples) }),
      })),
      fillIn: draft.open,
      problems,
      next,
    }),
    json,
  );
}

function writePreset(out: string, text: string): void {
  writing(out, () => {
    mkdirSync(dirname(out), { recursive: true });
    requireFree(out); // questions take time
    writeFileSync(out, text, { flag: "wx" });
  });
}

/** The picture with examples of the label values of a set. */
const pictureOf = (out: string, set: string): string =>
  join(dirname(out), `${basename(out, ".yaml")}-${set}-values.png`);

/** Draws an example of each label value into a file next to the preset, which is added to `drawn`. */
const examplesBeside =
  (out: string, drawn: string[]): NonNullable<Questions["examples"]> =>
  async (set, dataset, values) => {
    const { valueSheet } = await import("../../report/value-sheet.js");
    const file = pictureOf(out, set);
    const { rgb, size } = await valueSheet(dataset, values);
    requireFree(file); // reading takes time
    writing(file, () => mkdirSync(dirname(file), { recursive: true }));
    drawn.push(file);
    await writeRgb(file, rgb, size);
    note(`an example of each label value of the ${set}: ${file}`);
    return basename(file);
  };

/** @throws UserError for a file that `--preset` would take for the name of a built-in preset */
function requirePresetName(out: string): void {
  if (out.endsWith(".yaml")) return;
  throw new UserError(
    "invalid-value",
    `--out ${out}: a preset's name ends in .yaml: use ${out.replace(/\.ya?ml$/i, "")}.yaml`,
  );
}

const requireFree = (...files: string[]) => requireNew(files, "choose another file with --out");

/** What \`data check\` reports about some samples of each set of a preset. */
async function problemsOf(preset: string, data: string): Promise<string[]> {
  const { configuration, openDomains, withAbsoluteRoots } = await import(
    "../../experiment/index.js"
  );
  return listening(async (listener) => {
    try {
      const config = withAbsoluteRoots(configuration({ preset }), data);
      const { source, target, evaluate } = await openDomains(config, listener);
      const problems: string[] = [];
      for (const dataset of [source, target, ...evaluate.values()]) {
        problems.push(...(await checkDataset(dataset, { limit: CHECKED })).problems);
      }
      return [...new Set(problems)];
    } catch (error) {
      if (error instanceof UserError) return [error.message];
      throw error;
    }
  });
}
