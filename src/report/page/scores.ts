import type { RunFiles } from "../run-files.js";
import { scoreHistory } from "../score-history.js";
import { percent } from "../score-table.js";
import { escapeXml } from "../xml.js";
import { type ChartSize, lineChart, type Series } from "./line-chart.js";
import { css } from "./plots.js";

const COLORS = ["var(--accent)", "var(--other)", "var(--third)", "var(--fourth)"];
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

/** mIoU of every set in large figures, and how it differs from the baseline's. */
export function headline({ result, sets }: RunFiles, baseline: RunFiles | undefined): string {
  if (!result) return "";
  const numbers = sets.map((set) => {
    const { miou } = result.scores[set] ?? { miou: Number.NaN };
    const before = baseline?.result?.scores[set]?.miou;
    const gain = before === undefined ? undefined : difference(miou - before);
    const delta = gain ? `<div class="delta${gain.less}">${gain.text} to source-only</div>` : "";
    return (
      `<div class="number"><div class="value">${percent(miou)}<small> %</small></div>` +
      `<div class="what">mIoU on ${escapeXml(set)}</div>${delta}</div>`
    );
  });
  return `<div class="numbers">${numbers.join("")}</div>`;
}

/** Last, mean and best of the snapshots, in a sentence for each set. */
export function snapshotSentences({ metrics, sets }: RunFiles): string {
  const sentences = sets.flatMap((set) => {
    const history = scoreHistory(metrics, `miou/${set}`);
    if (!history || history.values.length < 2) return [];
    const { values, last, mean, deviation, best } = history;
    return (
      `${escapeXml(set)}: last snapshot ${percent(last)}; mean over ${values.length} snapshots ` +
      `${percent(mean)} ± ${percent(deviation)}; best ${percent(best.value)}, at step ${best.step}, ` +
      "chosen by the labels it is measured on."
    );
  });
  return sentences.map((sentence) => `<p class="note">${sentence}</p>`).join("");
}

/** mIoU over steps, one line for each set. */
export function scoreChart({ metrics, sets }: RunFiles): string {
  const series: Series[] = sets.flatMap((set, i) => {
    const history = scoreHistory(metrics, `miou/${set}`);
    if (!history || history.steps.length < 2) return [];
    const { steps, values } = history;
    const color = COLORS[i % COLORS.length] as string;
    return [{ name: `mIoU on ${set}`, steps, values, color, dots: true }];
  });
  if (series.length === 0) return "";
  const key = series.map(
    ({ name, color }) => `<span><i style="background:${color}"></i>${escapeXml(name)}, %</span>`,
  );
  const whole = (value: number) => percent(value).replace(/\.0$/, "");
  const chart = (size: ChartSize) => lineChart(series, size, whole);
  return (
    `<div class="key">${key.join("")}</div>` +
    `<div class="history roomy">${chart(WIDE)}</div><div class="history tight">${chart(NARROW)}</div>`
  );
}

const SCORES = /^(miou|iou)\//;

/** Every other number of metrics.jsonl over steps, in small charts: losses, and the rest on demand. */
export function smallCharts({ metrics }: RunFiles): string {
  const keys = [...new Set(metrics.flatMap((line) => Object.keys(line)))].filter(
    (key) => key !== "step" && !SCORES.test(key),
  );
  const rest = keys.filter((key) => rank(key) > 0).sort((a, b) => rank(a) - rank(b));
  const losses = charts(
    metrics,
    keys.filter((key) => rank(key) === 0),
  );
  const more = charts(metrics, rest);
  if (more === "") return losses;
  return `${losses}<details><summary>gradients, rate, time and memory</summary>${more}</details>`;
}

function charts(metrics: RunFiles["metrics"], keys: readonly string[]): string {
  const drawn = keys.flatMap((key) => {
    const history = scoreHistory(metrics, key);
    if (!history || history.steps.length < 2) return [];
    const { steps, values, last } = history;
    const series = { name: key, steps, values, color: "var(--accent)", smooth: key !== "rate" };
    const svg = lineChart([series], SMALL, short);
    return `<div class="chart"><h3>${escapeXml(key)}<span>${short(last)}</span></h3>${svg}</div>`;
  });
  return drawn.length > 0 ? `<div class="charts">${drawn.join("")}</div>` : "";
}

/** Losses first, then their gradients, then what the machine does. */
const rank = (key: string): number => (key.startsWith("gradient/") ? 1 : key.includes("/") ? 0 : 2);

/** Three significant digits. */
const short = (value: number): string =>
  value === 0 || (Math.abs(value) >= 1e-3 && Math.abs(value) < 1e5)
    ? String(Number(value.toPrecision(3)))
    : value.toExponential(1);

/** IoU per class on one set as bars, with a tick where the baseline is. */
export function classBars(run: RunFiles, baseline: RunFiles | undefined): string {
  const { result, sets, classes } = run;
  const [set] = sets as [string];
  const own = result?.scores[set];
  if (!own) return "";
  const before = baseline?.result?.scores[set]?.iou;
  const key = before ? '<div class="key"><span><i class="tick"></i>source-only</span></div>' : "";
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
