import { gradientShares, weightText } from "../loss-weights.js";
import type { RunFiles } from "../run-files.js";
import { scoreHistory } from "../score-history.js";
import { percent } from "../score-table.js";
import { escapeXml } from "../xml.js";
import { type ChartSize, lineChart, type Series } from "./line-chart.js";
import { lineColor, lineColors } from "./palette.js";
import { css } from "./plots.js";
import type { Reference } from "./reference.js";

const WIDE: ChartSize = { width: 960, height: 280 };
const NARROW: ChartSize = { width: 380, height: 220 };
const SMALL: ChartSize = { width: 300, height: 130 };

/** A difference of shares with its sign, and the class that colours it. */
export function difference(share: number): { text: string; less: string } {
  return {
    text: `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`,
    less: share < 0 ? " less" : "",
  };
}

/** mIoU of every set in large figures, and the difference to the reference's. */
export function headline({ result, sets }: RunFiles, reference: Reference | undefined): string {
  if (!result) return "";
  const numbers = sets.map((set) => {
    const miou = result.scores[set]?.miou ?? null;
    const before = reference?.run.result?.scores[set]?.miou ?? null;
    const gain = miou === null || before === null ? undefined : difference(miou - before);
    const delta = gain
      ? `<div class="delta${gain.less}">${gain.text} to ${escapeXml(reference?.name ?? "")}</div>`
      : "";
    return (
      `<div class="number"><div class="value">${percent(miou)}<small> %</small></div>` +
      `<div class="what">mIoU on ${escapeXml(set)}</div>${delta}</div>`
    );
  });
  return `<div class="numbers">${numbers.join("")}</div>`;
}

/** Start, last, mean and best of the snapshots, in a sentence for each set. */
export function snapshotSentences({ metrics, sets }: RunFiles): string {
  const sentences = sets.flatMap((set) => {
    const history = scoreHistory(metrics, `miou/${set}`);
    if (!history || history.snapshots < 2) return [];
    const { start, snapshots, last, mean, deviation, best } = history;
    return (
      `${escapeXml(set)}: ${start === undefined ? "" : `start ${percent(start)}; `}last snapshot ` +
      `${percent(last)}; mean over ${snapshots} snapshots ${percent(mean)} ± ${percent(deviation)}; ` +
      `best ${percent(best.value)}, at step ${best.step}, chosen by the labels it is measured on.`
    );
  });
  return sentences.map((sentence) => `<p class="note">${sentence}</p>`).join("");
}

/** mIoU over steps, one line for each set, and the reference's as dashed lines. */
export function scoreChart(run: RunFiles, reference: Reference | undefined): string {
  const { metrics, sets } = run;
  const colors = lineColors(sets);
  const color = (i: number) => colors[i] as string;
  const series: Series[] = sets.flatMap((set, i) => {
    const history = scoreHistory(metrics, `miou/${set}`);
    if (!history || history.steps.length < 2) return [];
    const { steps, values } = history;
    return [{ name: `mIoU on ${set}`, steps, values, color: color(i), dots: true }];
  });
  if (series.length === 0) return "";
  const levels = sets.flatMap((set, i) => {
    const value = reference?.run.result?.scores[set]?.miou ?? null;
    const drawn = series.some(({ name }) => name === `mIoU on ${set}`);
    return value === null || !drawn ? [] : [{ value, color: color(i) }];
  });
  const key = series.map(
    ({ name, color }) => `<span><i style="background:${color}"></i>${escapeXml(name)}, %</span>`,
  );
  if (levels.length > 0) {
    key.push(`<span><i class="dashed"></i>${escapeXml(reference?.name ?? "")}</span>`);
  }
  const options = {
    title: `mIoU over training on ${sets.join(", ")}`,
    format: (value: number) => percent(value).replace(/\.0$/, ""),
    levels,
    marks: marksOf(run),
    until: plannedSteps(run),
  };
  const chart = (size: ChartSize) => lineChart(series, size, options);
  return (
    `<div class="key">${key.join("")}</div>` +
    `<div class="history roomy">${chart(WIDE)}</div><div class="history tight">${chart(NARROW)}</div>`
  );
}

const marksOf = ({ notes }: RunFiles) =>
  notes.map(({ step, level, text }) => ({ step, text: `${level} at step ${step}: ${text}` }));

const plannedSteps = ({ config }: RunFiles): number | undefined => config?.train?.steps;

/** Scores and numbers of single classes have charts of their own, or none. */
const SCORES = /^(miou|iou|predicted)\/|^pseudo\/.+\/(coverage|accuracy)\//;

/** The shares of the classes that are predicted most over training; "" before the second evaluation. */
export function predictedClasses(run: RunFiles): string {
  const { metrics, classes } = run;
  const histories = classes.names.flatMap((name, k) => {
    const history = scoreHistory(metrics, `predicted/${name}`);
    return history && history.steps.length > 1 ? [{ name, k, ...history }] : [];
  });
  const most = histories
    .sort((a, b) => Math.max(...b.values) - Math.max(...a.values))
    .slice(0, MOST_CLASSES);
  if (most.length === 0) return "";
  const series = most.map(({ name, k, steps, values }): Series => {
    const color = `color-mix(in srgb, ${css(classes.colors[k])} 80%, var(--ink))`;
    return { name, steps, values, color };
  });
  const key = series.map(
    ({ name, color }) => `<span><i style="background:${color}"></i>${escapeXml(name)}</span>`,
  );
  const options = {
    title: "Shares of the predicted classes over training",
    format: (value: number) => percent(value).replace(/\.0$/, ""),
    ...{ marks: marksOf(run), until: plannedSteps(run) },
  };
  const chart = (size: ChartSize) => lineChart(series, size, options);
  return (
    `<h3>Predicted classes of the target, % of the pixels</h3><div class="key">${key.join("")}</div>` +
    `<div class="history roomy">${chart({ width: 960, height: 200 })}</div><div class="history tight">${chart(NARROW)}</div>`
  );
}
const MOST_CLASSES = 10;

/** Every other number of metrics.jsonl over steps, in small charts: losses, and the rest on demand. */
export function smallCharts(run: RunFiles): string {
  const keys = keysOf(run.metrics).filter((key) => key !== "step" && !SCORES.test(key));
  const rest = keys.filter((key) => rank(key) > 0).sort((a, b) => rank(a) - rank(b));
  const losses = charts(
    run,
    keys.filter((key) => rank(key) === 0),
  );
  const more = charts(run, rest);
  if (more === "") return losses;
  return `${losses}<details><summary>gradients, rate, time and memory</summary>${more}</details>`;
}

function keysOf(metrics: RunFiles["metrics"]): string[] {
  const keys = new Set<string>();
  for (const line of metrics) for (const key of Object.keys(line)) keys.add(key);
  return [...keys];
}

/** Blue for what is measured on the source, orange for the target. */
const keyColor = (key: string): string => {
  const domain = ["source", "target"].findIndex((name) => key.split("/").includes(name));
  return domain >= 0 ? lineColor(domain) : "var(--accent)";
};

const MOST_CHARTS = 60;
/** Shares of all pixels: their axis is 0 to 1, so that a constant looks like one. */
const SHARE = /^pseudo\//;

function charts(run: RunFiles, keys: readonly string[]): string {
  const newest: Record<string, number> = {};
  for (const line of run.metrics) Object.assign(newest, line);
  const shares = gradientShares(run.weights, (key) => newest[key]);
  const drawn = keys.slice(0, MOST_CHARTS).flatMap((key) => {
    const history = scoreHistory(run.metrics, key);
    if (!history || history.steps.length < 2) return [];
    const { steps, values, last } = history;
    const series = { name: key, steps, values, color: keyColor(key), smooth: key !== "rate" };
    const svg = lineChart([series], SMALL, {
      title: `${key} over training, last ${short(last)}`,
      format: short,
      range: SHARE.test(key) ? [0, 1] : undefined,
      marks: marksOf(run),
      until: plannedSteps(run),
    });
    const weight = weightText(key, run.weights, shares);
    const note = weight === "" ? "" : ` <em>${escapeXml(weight)}</em>`;
    return `<div class="chart"><h3><b>${escapeXml(key)}${note}</b><span>${short(last)}</span></h3>${svg}</div>`;
  });
  const left = keys.length - MOST_CHARTS;
  const note = left > 0 ? `<p class="note">${left} more keys are in metrics.jsonl.</p>` : "";
  return drawn.length > 0 ? `<div class="charts">${drawn.join("")}</div>${note}` : "";
}

/** Losses first, then their gradients, then what the machine does. */
const rank = (key: string): number => {
  if (key.startsWith("gradient/")) return 1;
  return key.includes("/") && !key.startsWith("gpu/") ? 0 : 2;
};

/** Three significant digits. */
const short = (value: number): string =>
  value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5)
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(1);

/** IoU per class on one set as bars, with a tick for the reference's. */
export function classBars(run: RunFiles, reference: Reference | undefined): string {
  const { result, sets, classes } = run;
  const [set] = sets as [string];
  const own = result?.scores[set];
  if (!own) return "";
  const before = reference?.run.result?.scores[set]?.iou;
  const key = before
    ? `<div class="key"><span><i class="tick"></i>${escapeXml(reference?.name ?? "")}</span></div>`
    : "";
  const rows = classes.names.map((name, k) => {
    const iou = own.iou[k] ?? null;
    if (iou === null) {
      return `<div class="bar none"><span>${escapeXml(name)}</span><span class="track"></span><span class="n">-</span><span></span></div>`;
    }
    const base = before?.[k] ?? null;
    const gain = base === null ? undefined : difference(iou - base);
    return (
      `<div class="bar"><span>${escapeXml(name)}</span>` +
      `<span class="track"><i style="--c:${css(classes.colors[k])};width:${(iou * 100).toFixed(2)}%"></i>` +
      `${base === null ? "" : `<b style="left:${(base * 100).toFixed(2)}%"></b>`}</span>` +
      `<span class="n">${percent(iou)}</span>` +
      `<span class="d${gain?.less ?? ""}">${gain?.text ?? ""}</span></div>`
    );
  });
  return `${key}<div class="bars">${rows.join("")}</div>`;
}
