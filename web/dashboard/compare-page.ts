import type { RunDetails } from "../../src/dashboard/api.js";
import { classRows } from "../../src/report/comparison-rows.js";
import { barsSvg } from "../../src/report/page/group-plots.js";
import { standaloneSvg } from "../../src/report/page/standalone-svg.js";
import { csv, latex, markdown } from "../../src/report/table-formats.js";
import { place, runsHref } from "./address.js";
import { classBars } from "./class-bars.js";
import { compared } from "./compared.js";
import { comparedPictures } from "./compared-pictures.js";
import { download } from "./download.js";
import { choice, el } from "./element.js";
import { drawnGroups, groupChoice } from "./group-choice.js";
import { type Group, groupsOf, settingsByRun } from "./groups.js";
import { getJson, type Live, throttled } from "./live.js";
import { menu } from "./menu.js";
import { overlaid } from "./overlaid-curves.js";
import {
  groupSwatch,
  MOST_SETTINGS,
  scoreRows,
  scoreTable,
  settingsTable,
} from "./score-tables.js";
import { runName, stateBadge } from "./state.js";

/** Several runs at once: scores over seeds, settings that differ, curves over each other. */
export async function comparePage(
  ids: readonly string[],
  live: Live,
  signal: AbortSignal,
): Promise<HTMLElement> {
  const fetchAll = async () => {
    const found = await Promise.all(
      ids.map((id) =>
        getJson<RunDetails>(`api/run?run=${encodeURIComponent(id)}`, signal).catch(() => undefined),
      ),
    );
    return new Map(found.flatMap((one) => (one ? [[one.summary.id, one] as const] : [])));
  };
  let details = await fetchAll();
  const shown = [...details.keys()];
  const groupsNow = () => {
    const all = [...details.values()];
    const runs = all.map(({ summary }) => live.runs.get(summary.id) ?? summary);
    return groupsOf(runs, settingsByRun(all), drawnGroups());
  };
  const tableNow = () => compared(groupsNow(), details);
  const byGain = () => place.get("classes") === "gain";
  const runs = el("ul", { class: "chips", "aria-label": "Compared runs" });
  const notes = el("div", {});
  const scores = el("div", {});
  const settings = el("div", {});
  const bars = el("div", {});
  const classes = [...details.values()].find((one) => one.classes)?.classes;
  const pictures = comparedPictures(signal);
  const curves = overlaid(shown, groupsNow, details, signal);

  const draw = throttled(1000, async () => {
    const changed = [...details.values()].some(
      ({ summary: { id, state } }) => (live.runs.get(id)?.state ?? state) !== state,
    );
    if (changed) details = await fetchAll();
    drawNow();
  });
  function drawNow(): void {
    const groups = groupsNow();
    const table = tableNow();
    runs.replaceChildren(...groups.flatMap((group) => chips(group, shown)));
    const sentences = table.notes.map((text) => el("li", { class: "warning" }, text));
    notes.replaceChildren(
      ...(sentences.length > 0 ? [el("ul", { class: "notes" }, ...sentences)] : []),
    );
    scores.replaceChildren(scoreTable(groups, table));
    const more = table.settings.length > MOST_SETTINGS;
    if (more && settings.childElementCount === 0) {
      settings.append(
        el("details", {}, el("summary", {}, "All settings that differ"), el("div", {})),
      );
    }
    settings.querySelector("div")?.replaceChildren(settingsTable(groups, table));
    if (classes) bars.replaceChildren(classBars(groups, table, classes, byGain()));
    pictures.show(groups, details);
  }
  const redraw = () => {
    draw();
    curves.load();
  };
  live.onRuns((changed) => {
    if (shown.some((id) => changed.has(id))) redraw();
  }, signal);
  drawNow();
  redraw();

  const order = choice(
    "Order",
    [
      ["names", "as in the classes"],
      ["gain", "by gain"],
    ],
    place.get("classes") ?? "names",
    (value) => {
      place.set({ classes: value === "gain" ? value : undefined });
      drawNow();
    },
  );
  const missing = ids.filter((id) => !details.has(id));
  return el(
    "div",
    {},
    el("h1", {}, `Comparison of ${shown.length} runs`),
    runs,
    missing.length > 0 && el("p", { class: "problem" }, `Not found: ${missing.join(", ")}`),
    notes,
    el(
      "div",
      { class: "part-head" },
      el("h2", {}, "Scores"),
      menu(
        "Save the scores",
        tableFiles("comparison", () => scoreRows(tableNow())),
      ),
    ),
    el(
      "p",
      { class: "note" },
      "Last snapshots of complete runs, mIoU in percent: mean ± standard deviation over seeds. The gain is over source-only with equal settings and seed; else over the pretraining that the run starts from.",
    ),
    scores,
    settings,
    groupChoice(groupsNow, () => {
      drawNow();
      curves.load();
    }),
    ...(classes
      ? [
          el(
            "div",
            { class: "part-head" },
            el("h2", {}, "Classes"),
            order,
            menu("Save the classes", [
              ...tableFiles("classes", () => classRows(tableNow())),
              [
                "SVG",
                () => download("classes.svg", standaloneSvg(barsSvg(tableNow())), "image/svg+xml"),
              ],
            ]),
          ),
          bars,
        ]
      : []),
    el("h2", {}, "Pictures"),
    pictures.element,
    el("h2", {}, "Curves"),
    el(
      "p",
      { class: "note" },
      "A line is the mean of a group's complete runs, its band reaches from the lowest to the highest. Dotted: a run that is not complete.",
    ),
    curves.element,
  );
}

/** What saves a table in each of its formats. */
const tableFiles = (name: string, rows: () => string[][]): [string, () => void][] => [
  ["CSV", () => download(`${name}.csv`, csv(rows()), "text/csv")],
  ["Markdown", () => download(`${name}.md`, markdown(rows()), "text/markdown")],
  ["LaTeX", () => download(`${name}.tex`, latex(rows()))],
];

function chips(group: Group, shown: readonly string[]): HTMLElement[] {
  return group.runs.map((run) => {
    const rest = shown.filter((id) => id !== run.id);
    const out = { class: "quiet", href: runsHref(rest), "aria-label": `Leave out ${run.id}` };
    const link = el("a", { href: runsHref([run.id]) }, runName(run.id));
    return el("li", {}, groupSwatch(group), link, stateBadge(run), el("a", out, "×"));
  });
}
