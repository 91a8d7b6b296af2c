import type { RunDetails, RunSummary } from "../../src/dashboard/api.js";
import { type Chart, chart, type Line } from "./chart.js";
import { lineColors } from "./colors.js";
import { loader, toolbar } from "./curves.js";
import { el } from "./element.js";
import { deviation, mean, percent } from "./format.js";
import { getJson, type Live, throttled } from "./live.js";
import { panelsOf } from "./panels.js";
import { place, runsHref } from "./place.js";
import { seriesOf } from "./series.js";
import { runName, stateBadge } from "./state.js";

/** Runs that differ in their seed alone, of one colour. */
interface Group {
  readonly name: string;
  readonly color: string;
  readonly runs: readonly RunSummary[];
}

const DASHES = 2;

/** Several runs at once: curves over each other, scores over seeds, settings that differ. */
export async function comparePage(
  ids: readonly string[],
  live: Live,
  signal: AbortSignal,
): Promise<HTMLElement> {
  const all = await Promise.all(
    ids.map((id) =>
      getJson<RunDetails>(`api/run?run=${encodeURIComponent(id)}`, signal).catch(() => undefined),
    ),
  );
  const details = all.filter((one) => one !== undefined);
  const known = new Map(details.map((one) => [one.summary.id, one]));
  const differing = differences(details);
  const groupsNow = () =>
    groupsOf(
      details.map(({ summary }) => live.runs.get(summary.id) ?? summary),
      known,
      differing,
    );
  const shown = [...known.keys()];
  const series = seriesOf(shown, { skip: ["iou/"], buckets: 300 }, signal);
  const { element: bar, smooth, zoomed } = toolbar(() => load());
  const grid = el("div", { class: "charts" });
  const charts = new Map<string, Chart>();
  const runs = el("ul", { class: "chips", "aria-label": "Compared runs" });
  const scores = el("div", {
    class: "table-hold",
    tabindex: "0",
    role: "region",
    "aria-label": "Scores",
  });

  function drawRuns(): void {
    runs.replaceChildren(
      ...groupsNow().flatMap(({ runs: members, color }) =>
        members.map((run) => {
          const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
          swatch.style.color = color;
          const rest = shown.filter((id) => id !== run.id);
          return el(
            "li",
            {},
            swatch,
            el("a", { href: runsHref([run.id]) }, runName(run.id)),
            stateBadge(run),
            el(
              "a",
              { class: "quiet", href: runsHref(rest), "aria-label": `Leave out ${run.id}` },
              "×",
            ),
          );
        }),
      ),
    );
  }

  function drawScores(): void {
    scores.replaceChildren(scoreTable(groupsNow()));
  }

  function show(): void {
    const groups = groupsNow();
    const range = { from: place.number("from"), to: place.number("to") };
    const keys = [...new Set([...series.runs.values()].flatMap((one) => [...one.keys()]))].sort();
    for (const [panel, own] of panelsOf(keys)) {
      for (const key of own) {
        let one = charts.get(key);
        if (!one) {
          one = chart(
            {
              ...panel,
              title: own.length > 1 || key !== "rate" ? key : panel.title,
              onZoom: zoomed,
            },
            signal,
          );
          charts.set(key, one);
          grid.append(one.element);
        }
        const lines = groups.flatMap(({ runs: members, color, name }) =>
          members.flatMap((run, i): Line[] => {
            const data = series.runs.get(run.id)?.get(key);
            const label = members.length > 1 ? `${name}, seed ${run.seed ?? i}` : name;
            return data ? [{ name: label, color, dashed: i % DASHES === 1, data }] : [];
          }),
        );
        one.show(lines, range, key.startsWith("miou/") ? 0 : smooth());
      }
    }
  }

  const load = loader(series, show, signal);
  const redraw = throttled(1000, () => {
    drawRuns();
    drawScores();
  });
  live.onRuns((changed) => {
    if (!shown.some((id) => changed.has(id))) return;
    redraw();
    load();
  }, signal);
  drawRuns();
  drawScores();
  load();
  const missing = ids.filter((id) => !known.has(id));
  return el(
    "div",
    {},
    el("h1", {}, `Comparison of ${shown.length} runs`),
    runs,
    missing.length > 0 && el("p", { class: "problem" }, `Not there: ${missing.join(", ")}`),
    el("h2", {}, "Scores"),
    scores,
    ...(differing.length > 0
      ? [el("h2", {}, "Settings that differ"), settingsTable(details, differing)]
      : []),
    el("h2", {}, "Curves"),
    bar,
    grid,
  );
}

function groupsOf(
  runs: readonly RunSummary[],
  details: ReadonlyMap<string, RunDetails>,
  differing: readonly string[],
): Group[] {
  const members = new Map<string, RunSummary[]>();
  for (const run of runs) members.set(run.group, [...(members.get(run.group) ?? []), run]);
  const palette = lineColors();
  const names = [...members.values()].map(([first]) =>
    nameOf(first as RunSummary, details, differing),
  );
  return [...members.values()].map((own, k) => {
    const repeated = names.filter((name) => name === names[k]).length > 1;
    return {
      name: repeated ? (own[0] as RunSummary).id : (names[k] as string),
      color: palette[k % palette.length] as string,
      runs: own,
    };
  });
}

/** What sets a group apart from the others: its method, and up to two settings. */
function nameOf(
  run: RunSummary,
  details: ReadonlyMap<string, RunDetails>,
  differing: readonly string[],
): string {
  const config = flatten(details.get(run.id)?.config ?? {});
  const apart = differing
    .filter((key) => key !== "method" && key !== "train.seed")
    .slice(0, 2)
    .map((key) => `${key.split(".").at(-1)} ${config.get(key) ?? "–"}`);
  return [run.method ?? run.id, ...apart].join(", ");
}

function scoreTable(groups: readonly Group[]): HTMLElement {
  const sets = [
    ...new Set(groups.flatMap(({ runs }) => runs.flatMap(({ last }) => Object.keys(last)))),
  ];
  const cell = (runs: readonly RunSummary[], which: "last" | "best", set: string) => {
    const values = runs.flatMap((run) => run[which][set]?.value ?? []);
    if (values.length === 0) return "–";
    const spread = deviation(values);
    return `${percent(mean(values))}${spread === undefined ? "" : ` ± ${percent(spread)}`}`;
  };
  return el(
    "table",
    { class: "scores" },
    el("caption", { class: "unseen" }, "mIoU in percent, mean and standard deviation over seeds"),
    el(
      "thead",
      {},
      el(
        "tr",
        {},
        el("th", { scope: "col" }, "Settings"),
        el("th", { scope: "col", class: "number" }, "Seeds"),
        ...sets.flatMap((set) => [
          el("th", { scope: "col", class: "number" }, `mIoU ${set}, %`),
          el("th", { scope: "col", class: "number" }, "best"),
        ]),
      ),
    ),
    el(
      "tbody",
      {},
      ...groups.map(({ name, color, runs }) => {
        const swatch = el("span", { class: "swatch", "aria-hidden": "true" });
        swatch.style.color = color;
        return el(
          "tr",
          {},
          el("th", { scope: "row" }, swatch, name),
          el("td", { class: "number" }, String(runs.length)),
          ...sets.flatMap((set) => [
            el("td", { class: "number" }, cell(runs, "last", set)),
            el("td", { class: "number" }, cell(runs, "best", set)),
          ]),
        );
      }),
    ),
  );
}

function settingsTable(details: readonly RunDetails[], keys: readonly string[]): HTMLElement {
  const configs = details.map(({ config }) => flatten(config));
  return el(
    "div",
    { class: "table-hold", tabindex: "0", role: "region", "aria-label": "Settings that differ" },
    el(
      "table",
      { class: "scores" },
      el(
        "thead",
        {},
        el(
          "tr",
          {},
          el("th", { scope: "col" }, "Setting"),
          ...details.map(({ summary }) => el("th", { scope: "col" }, runName(summary.id))),
        ),
      ),
      el(
        "tbody",
        {},
        ...keys.map((key) =>
          el(
            "tr",
            {},
            el("th", { scope: "row" }, key),
            ...configs.map((config) => el("td", {}, config.get(key) ?? "–")),
          ),
        ),
      ),
    ),
  );
}

/** Keys with other values in some run than in others, sorted. */
function differences(details: readonly RunDetails[]): string[] {
  const configs = details.map(({ config }) => flatten(config));
  const keys = [...new Set(configs.flatMap((config) => [...config.keys()]))];
  return keys.filter((key) => new Set(configs.map((config) => config.get(key))).size > 1).sort();
}

/** Values by path: "train.rate" to "0.03". */
function flatten(value: unknown, path = ""): Map<string, string> {
  if (typeof value !== "object" || value === null) return new Map([[path, String(value)]]);
  if (Array.isArray(value)) return new Map([[path, JSON.stringify(value)]]);
  return new Map(
    Object.entries(value).flatMap(([key, one]) => [
      ...flatten(one, path === "" ? key : `${path}.${key}`),
    ]),
  );
}
