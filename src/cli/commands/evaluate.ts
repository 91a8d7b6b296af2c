import { existsSync } from "node:fs";
import { join } from "node:path";
import { Command } from "commander";
import { classSets } from "../../datasets/class-sets.js";
import type { Size } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import type { Config } from "../../experiment/index.js";
import type { Evaluation } from "../../report/evaluation.js";
import { publishedBeside } from "../../report/published-figures.js";
import { metricsLine } from "../../report/run-schemas.js";
import { type MetricsLine, scoreHistory } from "../../report/score-history.js";
import { percent, textTable } from "../../report/score-table.js";
import { benchmarkRows, csv, latex, markdown } from "../../report/table-formats.js";
import { withBars } from "../../report/text-bar.js";
import { readJsonLines } from "../../train/run-folder.js";
import { requireWritable, writeAtomically } from "../../write-atomically.js";
import {
  dataOption,
  givenOf,
  setOption,
  tileOption,
  weightsPresetOption,
  whole,
} from "../options.js";
import { listening } from "../terminal/listener.js";
import { type Json, jsonOption, print } from "../terminal/print.js";
import { columnsOf } from "../terminal/terminal.js";

const scales = (value: string): number[] => {
  const list = value.split(",").map(Number);
  if (list.every((scale) => scale > 0 && scale <= 8)) return list;
  throw new UserError("invalid-value", `--scales ${value}: expected numbers such as 0.75,1,1.25`);
};

export const command = () =>
  new Command("evaluate")
    .description("measure a trained network on labelled images: IoU per class and mIoU")
    .argument("<run>", "run folder, a checkpoint inside one, or with --preset a file of weights")
    .option("--on <set>", "only this one of the configuration's evaluation sets")
    .option(
      "--scales <list>",
      "multiples of the network's size to average, e.g. 0.75,1,1.25",
      scales,
    )
    .option("--flip", "also average with the mirrored image")
    .option("--native", "compare at the labels' own size instead of sizes.output")
    .addOption(tileOption())
    .option(
      "--classes <n>",
      "also mIoU over 19, 16 or 13 of the Cityscapes classes",
      whole("--classes"),
    )
    .addOption(jsonOption())
    .option("--csv <file>", "also write the table as CSV")
    .option("--markdown <file>", "also write the table as Markdown, with published results")
    .option("--latex <file>", "also write a row of classes and mIoU as LaTeX")
    .option("--confusion <file>", "also draw the confusion matrix (PNG)")
    .addOption(setOption())
    .addOption(weightsPresetOption())
    .addOption(dataOption())
    .addHelpText(
      "after",
      `
Examples:
  cfcontra evaluate runs/streets-cfcontra-1
  cfcontra evaluate runs/streets-cfcontra-1 --scales 0.75,1,1.25 --flip --latex row.tex
  cfcontra evaluate runs/streets-cfcontra-1 --set sizes.evaluate=[512,256] --json scores.json
  cfcontra evaluate advent.pth --preset gta5-cityscapes --data ~/data`,
    )
    .action(evaluate);

interface EvaluateOptions {
  readonly on?: string;
  readonly set: readonly string[];
  readonly preset?: string;
  readonly data: string;
  readonly scales?: readonly number[];
  readonly flip?: boolean;
  readonly native?: boolean;
  readonly tile?: Size;
  /** 13, 16 or 19: also mIoU over these of the Cityscapes classes. */
  readonly classes?: number;
  readonly json?: Json;
  readonly csv?: string;
  readonly markdown?: string;
  readonly latex?: string;
  readonly confusion?: string;
}

async function evaluate(path: string, options: EvaluateOptions, self: Command): Promise<void> {
  const { on, set, preset, data } = options;
  if (preset === undefined && givenOf(self, ["data"]) !== "") {
    throw new UserError(
      "conflicting-options",
      "--data is for --preset: a run keeps where its data are; for another place, set the root of an evaluation set, " +
        "e.g. --set evaluate.NAME.root=FOLDER",
    );
  }
  const { openRun, openWeights } = await import("../../experiment/index.js");
  const { csv: table, markdown: text, latex: row, confusion: picture } = options;
  for (const file of [table, text, row, picture]) if (file !== undefined) requireWritable(file);
  const { evaluationRows } = await import("../../report/evaluation.js");
  await listening(async (listener) => {
    const run =
      preset === undefined
        ? openRun(path, { set, listener })
        : openWeights(path, { preset, data, set, listener });
    try {
      const { config, info, name, ema } = run;
      const subset = subsetOf(info.classes, options.classes);
      const protocol = {
        ...(options.native ? { output: "native" as const } : {}),
        scales: options.scales ?? [1],
        flip: options.flip ?? false,
        ...(options.tile ? { tile: options.tile } : {}),
      };
      const results = await run.evaluate({ on, subset, keep: isOwn(options), ...protocol });
      const rows = evaluationRows(info.classes, results);
      const { evaluate: size, output = size } = config.sizes;
      const found = () => ({
        ...(preset === undefined ? { method: info.method, step: info.step } : { weights: path }),
        classes: info.classes,
        ...(ema !== undefined && { ema }),
        protocol: { size, output, ...protocol },
        scores: Object.fromEntries(Object.entries(results).map(([name, r]) => [name, r.scores])),
        evaluations: results,
      });
      const text = [
        ...evaluationTable(rows, Object.values(results)[0]),
        ...(ema === undefined ? [] : ["", averageLine(ema)]),
        ...snapshots(path, Object.keys(results)),
      ].join("\n");
      print(text, found, options.json);
      await writeFiles(options, config, { method: name, classes: info.classes }, results, rows);
    } finally {
      run.dispose();
    }
  });
}

/** The table, with a bar for the IoU of each class on the first set. */
function evaluationTable(rows: readonly string[][], first: Evaluation | undefined): string[] {
  const bars = (first?.scores.iou ?? []).map((share) =>
    Number.isFinite(share) ? share : undefined,
  );
  const table = textTable(rows).split("\n");
  return withBars(table, [undefined, undefined, ...bars], columnsOf(process.stdout));
}

/** Whether a run is measured as in its training, so that its folder takes the scores of the images. */
const isOwn = ({ preset, scales, flip, native, tile, set }: EvaluateOptions): boolean =>
  preset === undefined && scales === undefined && !flip && !native && !tile && set.length === 0;

const averageLine = (ema: number) =>
  `of the network's running average (train.ema ${ema}); --set train.ema=null measures the network itself`;

async function writeFiles(
  options: EvaluateOptions,
  config: Config,
  { method, classes }: { readonly method: string; readonly classes: readonly string[] },
  results: Readonly<Record<string, Evaluation>>,
  rows: string[][],
): Promise<void> {
  const write = (file: string | undefined, text: () => string) => {
    if (file !== undefined) writeAtomically(file, text());
  };
  write(options.csv, () => csv(rows));
  const [first] = Object.values(results) as [Evaluation];
  const sets = Object.keys(results);
  // Published figures are of the target's data set.
  const isTarget = (set: string) => typeOf(config.evaluate[set]) === config.target.type;
  const figures = sets.every(isTarget)
    ? publishedBeside(config.source.type, config.target.type)
    : [];
  const ours = Object.entries(results).map(([set, { scores, subset }]) => ({
    method: sets.length > 1 ? `${method}, ${set}` : method,
    ...{ iou: scores.iou, miou: scores.miou },
    ...(subset?.classes === 13 && { miou13: subset.miou }),
  }));
  const table = benchmarkRows(classes, ours, figures);
  write(options.markdown, () =>
    figures.length > 0 ? `${markdown(rows)}\n${markdown(table)}` : markdown(rows),
  );
  write(options.latex, () => latex(table, figures.length > 0 ? [figures.length - 1] : []));
  if (options.confusion !== undefined) {
    const { confusionPicture } = await import("../../report/confusion-picture.js");
    writeAtomically(options.confusion, await confusionPicture(first.confusion, classes));
  }
}

const typeOf = (spec: unknown) => (spec as { readonly type: string }).type;

/** The indices of the 19, 16 or 13 classes of the benchmark among those of a network. */
function subsetOf(
  names: readonly string[],
  count: number | undefined,
): readonly number[] | undefined {
  if (count === undefined) return undefined;
  const known = { 19: classSets.cityscapes, 16: classSets.synthia16, 13: classSets.synthia13 };
  const subset = known[count as keyof typeof known];
  if (!subset) throw new UserError("invalid-value", `--classes ${count}: expected 19, 16 or 13`);
  const missing = subset.names.filter((name) => !names.includes(name));
  if (missing.length > 0) {
    throw new UserError(
      "class-mismatch",
      `--classes ${count}: the network has no class ${missing.join(", ")}; it was trained for ` +
        `${names.join(", ")}`,
    );
  }
  return subset.names.map((name) => names.indexOf(name));
}

/** Last, mean and best snapshot, if the run was evaluated several times. */
function snapshots(run: string, sets: readonly string[]): string[] {
  const path = join(run, "metrics.jsonl");
  if (!existsSync(path)) return [];
  const metrics = readJsonLines<MetricsLine>(path).filter(
    (line) => metricsLine.safeParse(line).success,
  );
  const lines = sets.flatMap((set) => {
    const history = scoreHistory(metrics, `miou/${set}`);
    if (!history || history.snapshots < 2) return [];
    const { last, mean, deviation, best, snapshots } = history;
    return [
      `${set}, mIoU over ${snapshots} snapshots: last ${percent(last)}, ` +
        `mean ${percent(mean)} ± ${percent(deviation)}, best ${percent(best.value)} ` +
        `(step ${best.step}, chosen by these labels)`,
    ];
  });
  return lines.length > 0 ? ["", ...lines] : [];
}
