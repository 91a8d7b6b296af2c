import type { RunDetails } from "../../src/dashboard/api.js";
import { differences, type Settings } from "../../src/report/run-groups.js";
import { place, runsHref } from "./address.js";
import { type Chart, chart, type Line } from "./chart.js";
import { loader, toolbar } from "./curve-controls.js";
import { el } from "./element.js";
import { drawnGroups, groupChoice } from "./group-choice.js";
import { type Group, groupsOf, settingsByRun } from "./groups.js";
import { getJson, type Live, throttled } from "./live.js";
import { panelsOf } from "./panels.js";
import { classTable, groupSwatch, scoreTable, table } from "./score-tables.js";
import { seriesOf } from "./series.js";
import { runName, stateBadge } from "./state.js";

/** Several runs at once: scores over seeds, settings that differ, curves over each other. */
export async function comparePage(
  ids: readonly string[],
  live: Live,
  signal: AbortSignal,
): Promise<HTMLElement> {
  const found = await Promise.all(
    ids.map((id) =>
      getJson<RunDetails>(`api/run?run=${encodeURIComponent(id)}`, signal).catch(() => undefined),
    ),
  );
  const details = found.filter((one) => one !== undefined);
  const shown = details.map(({ summary }) => summary.id);
  const settings = settingsByRun(details);
  const differing = differences(settings.values());
  const baselines = new Map(
    details.flatMap(({ summary: { id }, baseline }) => (baseline ? [[id, baseline] as const] : [])),
  );
  const groupsNow = () =>
    groupsOf(
      details.map(({ summary }) => live.runs.get(summary.id) ?? summary),
      settings,
      drawnGroups(),
    );
  const runs = el("ul", { class: "chips", "aria-label": "Compared runs" });
  const scores = el("div", {});
  const classes = details.find((one) => one.classes)?.classes;
  const curves = overlaid(shown, groupsNow, signal);
  const perClass = el("div", {});
  const settingsHold = el("div", {});
  const iou = seriesOf(shown, { keys: ["iou/"], buckets: 4000 }, signal);

  const draw = throttled(1000, async () => {
    const groups = groupsNow();
    runs.replaceChildren(...groups.flatMap((group) => chips(group, shown)));
    scores.replaceChildren(scoreTable(groups, baselines));
    settingsHold.replaceChildren(settingsTable(groups, settings, differing));
    const set = groups.flatMap((group) => group.runs.flatMap(({ last }) => Object.keys(last)))[0];
    if (!classes || set === undefined) return;
    await iou.load({});
    perClass.replaceChildren(classTable(groups, iou.runs, classes, set));
  });
  const redraw = () => {
    draw();
    curves.load();
  };
  live.onRuns((changed) => {
    if (shown.some((id) => changed.has(id))) redraw();
  }, signal);
  redraw();

  const missing = ids.filter((id) => !shown.includes(id));
  const measured = differing.filter((key) => /^evaluate\.|^sizes\.(evaluate|output)\./.test(key));
  return el(
    "div",
    {},
    el("h1", {}, `Comparison of ${shown.length} runs`),
    runs,
    missing.length > 0 && el("p", { class: "problem" }, `Not found: ${missing.join(", ")}`),
    measured.length > 0 &&
      el(
        "p",
        { class: "problem caution" },
        `The runs are evaluated on different images or sizes (${measured.join(", ")}): their scores cannot be compared.`,
      ),
    el("h2", {}, "Scores"),
    el(
      "p",
      { class: "note" },
      "Last snapshots of complete runs: mean ± standard deviation over seeds. The gain is over source-only with equal settings and seed; else over the pretraining that the run starts from.",
    ),
    scores,
    classes && el("details", {}, el("summary", {}, "IoU by class"), perClass),
    ...(differing.length > 0 ? [el("h2", {}, "Settings that differ"), settingsHold] : []),
    el("h2", {}, "Curves"),
    groupChoice(groupsNow, redraw),
    curves.element,
  );
}

function chips(group: Group, shown: readonly string[]): HTMLElement[] {
  return group.runs.map((run) => {
    const rest = shown.filter((id) => id !== run.id);
    const out = { class: "quiet", href: runsHref(rest), "aria-label": `Leave out ${run.id}` };
    const link = el("a", { href: runsHref([run.id]) }, runName(run.id));
    return el("li", {}, groupSwatch(group), link, stateBadge(run), el("a", out, "×"));
  });
}

/** Charts of the longest page: runs that report more keys would take minutes to draw. */
const MOST_CHARTS = 60;

/** A chart for each key with the lines of all groups that are drawn. */
function overlaid(shown: readonly string[], groupsNow: () => Group[], signal: AbortSignal) {
  const series = seriesOf(shown, { skip: ["iou/"], buckets: 300 }, signal);
  const { element: bar, smooth, zoomed } = toolbar(() => load());
  const grid = el("div", { class: "charts" });
  const charts = new Map<string, Chart>();

  function linesOf(key: string, groups: readonly Group[]): Line[] {
    return groups.flatMap(({ runs, color, name }) => {
      if (color === undefined) return [];
      return runs.flatMap((run) => {
        const data = series.runs.get(run.id)?.get(key);
        const seed = runs.length > 1 ? `, seed ${run.seed}` : "";
        return data ? [{ name: `${name}${seed}`, group: name, color, data }] : [];
      });
    });
  }

  function show(): void {
    const groups = groupsNow();
    const range = { from: place.number("from"), to: place.number("to") };
    const all = new Set([...series.runs.values()].flatMap((one) => [...one.keys()]));
    for (const [panel, own] of panelsOf([...all].slice(0, MOST_CHARTS))) {
      for (const key of own) {
        let one = charts.get(key);
        if (!one) {
          const title = own.length > 1 ? key : panel.title;
          one = chart({ ...panel, title, onZoom: zoomed }, signal);
          charts.set(key, one);
          grid.append(one.element);
        }
        one.show(linesOf(key, groups), range, key.startsWith("miou/") ? 0 : smooth());
      }
    }
  }
  const load = loader(series, show, signal);
  return { element: el("div", {}, bar, grid), load };
}

function settingsTable(
  groups: readonly Group[],
  settings: ReadonlyMap<string, Settings>,
  keys: readonly string[],
): HTMLElement {
  const head = [
    el("th", { scope: "col" }, "Setting"),
    ...groups.map((group) => el("th", { scope: "col" }, groupSwatch(group), group.name)),
  ];
  const value = ({ runs }: Group, key: string) => settings.get(runs[0]?.id ?? "")?.get(key) ?? "–";
  const rows = keys.map((key) =>
    el(
      "tr",
      {},
      el("th", { scope: "row" }, key),
      ...groups.map((group) => el("td", {}, value(group, key))),
    ),
  );
  return table("Settings that differ", head, rows);
}
