import type { RunSettings, RunSummary } from "../../src/dashboard/api.js";
import { runsHref } from "./address.js";
import { el } from "./element.js";
import { ago, percent, short, whole } from "./format.js";
import { spark } from "./spark.js";
import { runName, stateBadge, timeLeft } from "./state.js";

/** A column of the list of runs. */
export interface Column {
  /** The name of its cells; settings have the dotted key. */
  readonly key: string;
  readonly title: string;
  readonly number?: boolean;
  /** Whether it is shown unless the reader chooses. */
  readonly byDefault: boolean;
  /** What rows are sorted by; undefined if they cannot be. */
  readonly by?: (run: RunSummary) => string | number;
  readonly cell: (run: RunSummary) => readonly (Node | string)[];
}

/** The first evaluation set of a run, and its last score. */
const main = ({ last }: RunSummary) => {
  const [entry] = Object.entries(last);
  return entry && { set: entry[0], value: entry[1].value };
};

const STATES = ["running", "lost", "failed", "stopped", "complete"];

export const COLUMNS: readonly Column[] = [
  {
    ...{ key: "run", title: "Run", byDefault: true, by: ({ id }) => id },
    cell: ({ id, method, seed }) => [
      el("a", { href: runsHref([id]) }, runName(id)),
      el(
        "span",
        { class: "under" },
        [method, seed === undefined ? undefined : `seed ${seed}`].filter(Boolean).join(", "),
      ),
    ],
  },
  {
    ...{ key: "state", title: "State", byDefault: true, by: ({ state }) => STATES.indexOf(state) },
    cell: (run) => [stateBadge(run)],
  },
  { key: "step", title: "Step", byDefault: true, by: ({ step }) => step, cell: stepCell },
  {
    ...{ key: "miou", title: "mIoU, %", number: true, byDefault: true },
    by: (run) => main(run)?.value ?? -1,
    cell: (run) => {
      const score = main(run);
      if (!score) return ["–"];
      return [
        el("span", { class: "score" }, percent(score.value)),
        el("span", { class: "under" }, score.set),
      ];
    },
  },
  {
    ...{ key: "gain", title: "Gain", number: true, byDefault: true },
    by: ({ gain }) => gain?.value ?? Number.NEGATIVE_INFINITY,
    cell: ({ gain }) => {
      if (!gain) return [""];
      const words = gainText(gain.value);
      const sign = gain.value < 0 ? "bad" : "good";
      return [
        el("span", { class: sign, title: `to ${gain.id}` }, words),
        el("span", { class: "under" }, `to ${gain.kind}`),
      ];
    },
  },
  {
    ...{ key: "loss", title: "Loss", number: true, byDefault: true, by: ({ loss }) => loss ?? -1 },
    cell: ({ loss }) => [short(loss)],
  },
  { key: "trend", title: "Trend", byDefault: true, cell: trendCell },
  {
    ...{ key: "updated", title: "Updated", byDefault: true },
    by: ({ updated }) => Date.parse(updated),
    cell: (run) => {
      const left = timeLeft(run);
      return [left === undefined ? ago(run.updated) : `${left} left`];
    },
  },
  {
    ...{
      key: "report",
      title: "Report",
      byDefault: true,
      by: ({ hasReport }) => Number(hasReport),
    },
    cell: ({ id, hasReport }) => {
      if (!hasReport) return [""];
      const href = `report?run=${encodeURIComponent(id)}`;
      const link = { href, target: "_blank", rel: "noopener", "aria-label": `Report of ${id}` };
      return [el("a", link, "report")];
    },
  },
];

/** A column for each setting that differs. */
export const settingColumns = ({ keys, runs }: RunSettings): Column[] =>
  keys.map((key) => {
    const value = ({ id }: RunSummary) => runs[id]?.[key];
    return {
      ...{ key, title: key, byDefault: false },
      by: (run) => Number(value(run)) || (value(run) ?? ""),
      cell: (run) => [value(run) ?? "–"],
    };
  });

/** A difference of shares in points: "+1.8". */
export const gainText = (share: number): string =>
  `${share < 0 ? "−" : "+"}${percent(Math.abs(share))}`;

function stepCell({ step, steps }: RunSummary): Node[] {
  const bar = el("span", { class: "bar", "aria-hidden": "true" });
  bar.style.setProperty("--share", String(steps ? Math.min(1, step / steps) : 1));
  const planned = el("span", { class: "faint" }, steps ? ` / ${whole(steps)}` : "");
  return [bar, el("span", {}, whole(step), planned)];
}

function trendCell({ trend, trendOf }: RunSummary): (Node | string)[] {
  if (trend.length < 2) return [""];
  return [spark(trend, `${trendOf}: from ${short(trend[0])} to ${short(trend.at(-1))}`)];
}
