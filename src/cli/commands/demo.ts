import { existsSync, mkdirSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import type { Dataset, Sample } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import type { Listener } from "../../experiment/index.js";
import type { MethodName } from "../../methods/index.js";
import { changeColumns } from "../../report/change-columns.js";
import { comparisonSheet } from "../../report/comparison-sheet.js";
import { writeRgb } from "../../report/pictures.js";
import { readRun } from "../../report/run-files.js";
import { lossCurve } from "../../report/run-summary.js";
import { percent, textTable } from "../../report/score-table.js";
import { lockRunFolder } from "../../train/run-lock.js";
import { dataOption, setOption, whole } from "../options.js";
import { follow } from "../terminal/follow.js";
import { interruptible } from "../terminal/interruption.js";
import { commandOf } from "../terminal/invocation.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";
import { clock, say } from "../terminal/progress.js";
import { lines } from "../terminal/summary.js";

export const command = () =>
  new Command("demo")
    .description("compare source-only, MinEnt and CFContra on the built-in pair of domains")
    .option("--seed <n>", "seed of weights and order; 1 when omitted", whole("--seed"))
    .option("--out <folder>", "where to write runs and pictures", "runs/demo")
    .option("--from-scratch", "train the source network, too, instead of the built-in weights")
    .addOption(jsonOption())
    .addOption(setOption())
    .addOption(dataOption())
    .action(demo);

interface DemoOptions {
  readonly seed?: number;
  readonly out: string;
  readonly fromScratch?: true;
  readonly json?: Json;
  readonly set: readonly string[];
  readonly data: string;
}

/** One line of the demo's table; shares 0..1 become percent in print, and stay so in JSON. */
interface Row {
  readonly method: MethodName;
  readonly seed: number;
  readonly sourceMiou: number;
  readonly targetMiou: number;
  readonly seconds: number;
}

/** Starts from weights that come with cfcontra; `streets` trains its own. */
const PRESET = "streets-adapt";
const FROM_SCRATCH = "streets";
const SHOWN_METHODS = ["source-only", "minent", "cfcontra"] as const satisfies MethodName[];
const SHOWN = 6;

/** The same network by three methods on the built-in domains, side by side. */
async function demo(options: DemoOptions): Promise<void> {
  await interruptible((signal) => listening((listener) => compare(options, listener, signal)));
}

async function compare(
  { seed, out, fromScratch, json, set, data }: DemoOptions,
  listener: Listener,
  signal: AbortSignal,
): Promise<void> {
  const { openEvaluationSets, openExperiment, peakMemory, requireSetOnce } = await import(
    "../../experiment/index.js"
  );
  const rows: Row[] = [];
  const first = join(out, "pretrained");
  const preset = fromScratch ? FROM_SCRATCH : PRESET;
  const pretrainedRun = `pretrain.run=${JSON.stringify(first)}`;
  if (set.some((one) => one.startsWith("method="))) {
    throw new UserError(
      "conflicting-options",
      `the demo compares ${SHOWN_METHODS.join(", ")}: for another method, run cfcontra train --preset ${preset} ` +
        "--method NAME",
    );
  }
  requireSetOnce(set, { "train.seed": seed });
  const own = seed === undefined ? set : [`train.seed=${seed}`, ...set];
  const open = (method: MethodName) => {
    const read = own.filter((one) => !isForAnother(method, one));
    const { config } = openExperiment(preset, { method, set: read, data, listener });
    const changes = config.pretrain ? [...read, pretrainedRun] : read;
    return openExperiment(preset, { method, set: changes, data, listener });
  };
  const start = performance.now();
  const shared = open("source-only");
  // Before anything is trained or removed.
  for (const method of SHOWN_METHODS) open(method);
  for (const name of [...SHOWN_METHODS, "pretrained"]) {
    const folder = join(out, name);
    if (!existsSync(folder)) continue;
    requireDemo(folder);
    requireUnlocked(folder);
  }
  if (shared.config.pretrain) clear(first);
  const steps = shared.pretraining()?.config.train.steps;
  if (steps !== undefined) {
    say(`pretraining on the source, from which all methods start: ${steps} steps in ${first}`);
  } else {
    say(
      "all methods start from a source network that comes with cfcontra (--from-scratch trains it)",
    );
  }
  const pretrained = await follow(shared.pretrain({ signal }));
  if (pretrained && !pretrained.result.complete) throw stopped();
  const pretraining = { seconds: (performance.now() - start) / 1000 };
  for (const method of SHOWN_METHODS) {
    const began = performance.now();
    const folder = join(out, method);
    clear(folder);
    const ended = await follow(open(method).train({ out: folder, signal }));
    if (!ended?.result.complete) throw stopped();
    const { source, target } = ended.result.scores;
    if (!source || !target)
      throw new UserError(
        "conflicting-options",
        "the demo needs the evaluation sets `source` and `target`",
      );
    const seconds = (performance.now() - began) / 1000;
    const { seed } = shared.config.train;
    rows.push({ method, seed, sourceMiou: source.miou, targetMiou: target.miou, seconds });
    say(
      `${method}: target mIoU ${percent(target.miou)}, trained and measured in ${clock(seconds)}`,
    );
  }
  const { config } = open("cfcontra");
  const target = (await openEvaluationSets(config, listener, data)).get("target") as Dataset;
  const picture = join(out, "predictions.png");
  await drawSheet(target, out, picture, new Map(rows.map((row) => [row.method, row.targetMiou])));
  const all = (performance.now() - start) / 1000;
  const summary = lines([
    ...(pretrained ? ["pretrained", ...SHOWN_METHODS] : SHOWN_METHODS).map((name) => {
      const curve = lossCurve(readRun(join(out, name)).metrics);
      return ["loss", `${name.padEnd(11)}  ${curve}`] as const;
    }),
    [
      "cost",
      `${clock(all)} in all${pretrained ? `, of which ${clock(pretraining.seconds)} for the pretraining that all start from` : ""}; ` +
        `${peakMemory()} MiB at peak`,
    ],
    ["pictures", picture],
    ["runs", `${out} (each with a report.html)`],
    ["next", commandOf("dashboard", out)],
    ["next", commandOf("predict", join(out, "cfcontra"), "photos", "--out", "predictions")],
  ]);
  print(
    `\n${table(rows)}\n\n${summary.join("\n")}`,
    () => ({ rows, ...(pretrained && { pretraining }) }),
    json,
  );
}

/** Whether an assignment is for the options of another row. */
function isForAnother(method: MethodName, assignment: string): boolean {
  const [, named] = /^options\.([^.=]+)/.exec(assignment) ?? [];
  return named !== method && SHOWN_METHODS.some((row) => row === named);
}

const stopped = () => new UserError("stopped", "stopped; the runs so far are in the demo's folder");

/** A file in the run folders of a demo, which the next demo may replace. */
const MARK = ".demo";

/** @throws UserError if a folder is not the run of a demo */
function requireDemo(run: string): void {
  if (existsSync(join(run, MARK))) return;
  throw new UserError(
    "already-exists",
    `${run} was not made by the demo, which would replace it: choose another folder with --out`,
  );
}

/** @throws UserError while another process writes a run folder */
const requireUnlocked = (folder: string): void => lockRunFolder(folder)();

/** Makes an empty folder for a run of the demo, in place of that of an earlier demo. */
function clear(folder: string): void {
  if (existsSync(folder)) requireUnlocked(folder);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, MARK), "");
}

function table(rows: readonly Row[]): string {
  const baseline = rows[0]?.targetMiou ?? Number.NaN;
  const gain = (share: number) => `${share < 0 ? "" : "+"}${percent(share)}`;
  return textTable([
    ["method", "source mIoU", "target mIoU", "gain", "time"],
    ...rows.map(({ method, sourceMiou, targetMiou, seconds }, i) => [
      method,
      percent(sourceMiou),
      percent(targetMiou),
      i === 0 ? "" : gain(targetMiou - baseline),
      clock(seconds),
    ]),
  ]);
}

/** Target images with the truth, the prediction of every run of the demo, and what CFContra changed. */
async function drawSheet(
  target: Dataset,
  out: string,
  path: string,
  mious: ReadonlyMap<MethodName, number>,
): Promise<void> {
  const { openCheckpoint } = await import("../../experiment/index.js");
  const { predictLabels } = await import("../../evaluate/index.js");
  const samples = await Promise.all(
    Array.from({ length: Math.min(SHOWN, target.names.length) }, (_, i) => target.load(i)),
  );
  const predicted = new Map<MethodName, Uint8Array[]>();
  for (const method of SHOWN_METHODS) {
    const { config, network, stage, dispose } = openCheckpoint(join(out, method));
    const options = { precision: config.train.precision, stage };
    const labels = [];
    for (const [i, sample] of samples.entries()) {
      const input = await target.load(i, config.sizes.evaluate);
      labels.push(predictLabels(network, input, sample, options));
    }
    predicted.set(method, labels);
    dispose();
  }
  const truth = samples.map(({ label }) => label as Uint8Array);
  const labelsOf = (method: MethodName) => predicted.get(method) ?? [];
  const size = samples[0] as Sample;
  const [error, change] = changeColumns(
    ...([truth, labelsOf("source-only"), labelsOf("cfcontra")] as const),
    ...([size, target.classes] as const),
  );
  const columns = [
    { title: "target image", pictures: samples.map(({ image }) => image) },
    { title: "truth", labels: truth },
    ...SHOWN_METHODS.map((method) => ({
      title: method,
      caption: `mIoU ${percent(mious.get(method) ?? null)} %`,
      labels: labelsOf(method),
    })),
    { ...error, title: "cfcontra, error" },
    { ...change, title: "cfcontra, change from source-only" },
  ];
  const sheet = await comparisonSheet(columns, target.classes, size);
  await writeRgb(path, sheet.rgb, sheet.size);
}
