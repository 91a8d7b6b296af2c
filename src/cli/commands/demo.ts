import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Dataset } from "../../datasets/dataset.js";
import { UserError } from "../../errors.js";
import { predictLabels } from "../../evaluate/index.js";
import { openEvaluationSets } from "../../experiment/measure.js";
import { openRun } from "../../experiment/open-run.js";
import { configuration } from "../../experiment/presets.js";
import { pretrained } from "../../experiment/pretrain.js";
import { peakMemory, run } from "../../experiment/run.js";
import type { MethodName } from "../../methods/index.js";
import { comparisonSheet } from "../../report/comparison-sheet.js";
import { writeRgb } from "../../report/pictures.js";
import { readRun } from "../../report/run-files.js";
import { curve } from "../../report/run-summary.js";
import { percent, textTable } from "../../report/score-table.js";
import { commandOf } from "../terminal/invocation.js";
import { type Json, print } from "../terminal/print.js";
import { clock, say } from "../terminal/progress.js";
import { lines } from "../terminal/summary.js";

export interface DemoOptions {
  readonly seed: number;
  readonly out: string;
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

const PRESET = "streets";
const SHOWN_METHODS = ["source-only", "minent", "cfcontra"] as const satisfies MethodName[];
const SHOWN = 6;

/** `cfcontra demo`: the same network by three methods on the built-in domains, side by side. */
export async function demo({ seed, out, json, set, data }: DemoOptions): Promise<void> {
  const rows: Row[] = [];
  const config = (method: MethodName) => configuration({ preset: PRESET, method, seed, set });
  const start = performance.now();
  const first = join(out, "pretrained");
  clear(first);
  const weights = await pretrained(config("source-only"), first, data);
  if (weights === null) return;
  const pretraining = { seconds: (performance.now() - start) / 1000 };
  for (const method of SHOWN_METHODS) {
    const began = performance.now();
    clear(join(out, method));
    const own = config(method);
    const network = { ...own.network, ...(weights && { weights }) };
    const result = await run({ config: { ...own, network }, out: join(out, method), data });
    if (!result.complete) throw new UserError("stopped; nothing of the demo was kept but its runs");
    const { source, target } = result.scores;
    if (!source || !target) throw new UserError("the demo evaluates on `source` and `target`");
    const seconds = (performance.now() - began) / 1000;
    rows.push({ method, seed, sourceMiou: source.miou, targetMiou: target.miou, seconds });
    say(
      `${method}: target mIoU ${percent(target.miou)}, trained and measured in ${clock(seconds)}`,
    );
  }
  const target = (await openEvaluationSets(config("cfcontra"), data)).get("target") as Dataset;
  const picture = join(out, "predictions.png");
  await drawSheet(target, out, picture);
  const all = (performance.now() - start) / 1000;
  const summary = lines([
    ...["pretrained", ...SHOWN_METHODS].map((name) => {
      const course = curve(readRun(join(out, name)).metrics, "source/main");
      return ["loss", `${name.padEnd(11)}  ${course}`] as const;
    }),
    [
      "cost",
      `${clock(all)} in all, of which ${clock(pretraining.seconds)} for the pretraining that all ` +
        `start from; ${peakMemory()} MiB at peak`,
    ],
    ["pictures", picture],
    ["runs", `${out} (each with a report.html)`],
    ["next", commandOf("dashboard", out)],
    ["next", commandOf("predict", join(out, "cfcontra"), "photos", "--out", "predictions")],
  ]);
  print(`\n${table(rows)}\n\n${summary.join("\n")}`, () => ({ rows, pretraining }), json);
}

/** Removes what an earlier demo left: its checkpoints and log are of another run. */
function clear(folder: string): void {
  if (existsSync(join(folder, "config.yaml"))) rmSync(folder, { recursive: true });
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

/** Target images with the truth and the prediction of every run of the demo. */
async function drawSheet(target: Dataset, out: string, path: string): Promise<void> {
  const samples = await Promise.all(
    Array.from({ length: Math.min(SHOWN, target.names.length) }, (_, i) => target.load(i)),
  );
  const columns = [
    { title: "target image", pictures: samples.map(({ image }) => image) },
    { title: "truth", labels: samples.map(({ label }) => label as Uint8Array) },
  ];
  for (const method of SHOWN_METHODS) {
    const { config, network, stage, dispose } = openRun(join(out, method));
    const options = { precision: config.train.precision, stage };
    const labels = [];
    for (const [i, sample] of samples.entries()) {
      const input = await target.load(i, config.sizes.evaluate);
      labels.push(predictLabels(network, input, sample, options));
    }
    columns.push({ title: method, labels });
    dispose();
  }
  const sheet = await comparisonSheet(columns, target.classes, samples[0] as never);
  await writeRgb(path, sheet.rgb, sheet.size);
}
