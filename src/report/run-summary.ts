import { relative } from "node:path";
import type { Baseline } from "./baseline.js";
import type { ResultFile, RunFiles, RunOutcome } from "./run-files.js";
import { scoreHistory } from "./score-history.js";
import { percent } from "./score-table.js";
import { partMeans, sparkline } from "./sparkline.js";

/** Lines for a terminal: a topic and a text. Lines of one topic follow each other. */
export type Summary = readonly (readonly [string, string])[];

const WIDTH = 24;
const NAMED = 2;

/** The result in a line: "target 32.0 %, +1.8 to source-only (runs/demo/source-only)"; "" without a score. */
export function answer(
  { result, sets: [set = ""] }: Pick<RunFiles, "result" | "sets">,
  baseline: Baseline<RunOutcome> | undefined,
): string {
  const miou = result?.scores[set]?.miou ?? null;
  if (miou === null) return "";
  const base = baseline?.run.result?.scores[set]?.miou ?? null;
  const score = `${set} ${percent(miou)} %`;
  if (!baseline || base === null) return score;
  const gain = `${miou < base ? "" : "+"}${percent(miou - base)}`;
  return `${score}, ${gain} to ${baseline.kind} (${relative("", baseline.run.path) || "."})`;
}

/** What a complete run achieved: its scores, and its losses over training. */
export function runSummary({ result, sets, classes, metrics }: RunFiles): Summary {
  const measured = sets.flatMap((set) => {
    const scores = result?.scores[set];
    return scores ? [{ set, ...scores }] : [];
  });
  const names = padded(measured.map(({ set }) => set));
  const scores = measured.map(({ iou, miou }, i) => {
    const line = `${names[i]}  ${percent(miou).padStart(5)}   ${extremes(iou, classes.names)}`;
    return ["mIoU, %", line.trimEnd()] as const;
  });
  const losses = firstOfEachKind(metrics.flatMap((line) => Object.keys(line)));
  const keys = padded(losses);
  const curves = losses.map((key, i) => ["losses", `${keys[i]}  ${curve(metrics, key)}`] as const);
  return [...scores, ...curves];
}

/** One key of metrics.jsonl over training: "█▅▂▁  2.13 to 0.5"; "" if no line has it. */
export function curve(metrics: RunFiles["metrics"], key: string): string {
  const means = partMeans(scoreHistory(metrics, key)?.values ?? [], WIDTH);
  if (means.length === 0) return "";
  const [first, last] = [means[0], means.at(-1)].map((mean) => Number(mean?.toPrecision(3)));
  return `${sparkline(means)}  ${first} to ${last}`;
}

/** The first loss that a run has logged, over training: its headline. */
export function lossCurve(metrics: RunFiles["metrics"]): string {
  const [first] = firstOfEachKind(metrics.flatMap((line) => Object.keys(line)));
  return first === undefined ? "" : curve(metrics, first);
}

/** "best road 80.6, sky 57.4; worst pole 3.1, rider 1.2"; classes that do not occur are left out. */
function extremes(iou: ResultFile["scores"][string]["iou"], classes: readonly string[]): string {
  const ranked = iou
    .map((value, k) => ({ name: classes[k], value: value ?? Number.NaN }))
    .filter(({ value }) => Number.isFinite(value))
    .sort((a, b) => b.value - a.value);
  if (ranked.length <= 2 * NAMED) return "";
  const list = (some: typeof ranked) =>
    some.map(({ name, value }) => `${name} ${percent(value)}`).join(", ");
  const missed = ranked.filter(({ value }) => percent(value) === "0.0").length;
  const worst =
    missed > NAMED
      ? `${missed} of ${ranked.length} classes at 0`
      : `worst ${list(ranked.slice(-NAMED))}`;
  return `best ${list(ranked.slice(0, NAMED))}; ${worst}`;
}

const NO_LOSS = new Set(["miou", "iou", "gradient", "pseudo", "predicted", "gpu"]);

/** source/main, contrast/source, target/entropy, ... of the keys of metrics.jsonl. */
function firstOfEachKind(keys: readonly string[]): string[] {
  const found = new Map<string, string>();
  for (const key of keys) {
    const [kind = "", name] = key.split("/");
    if (name !== undefined && !NO_LOSS.has(kind) && !found.has(kind)) found.set(kind, key);
  }
  return [...found.values()];
}

function padded(names: readonly string[]): string[] {
  const width = Math.max(...names.map((name) => name.length));
  return names.map((name) => name.padEnd(width));
}
