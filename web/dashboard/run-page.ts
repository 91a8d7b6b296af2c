import type { RunDetails, RunNote, RunSummary } from "../../src/dashboard/api.js";
import { place } from "./address.js";
import { classesTab } from "./classes-tab.js";
import { curvesTab } from "./curves-tab.js";
import { el } from "./element.js";
import { featuresTab } from "./features-tab.js";
import { ago, percent, short, whole } from "./format.js";
import { imagesTab } from "./images-tab.js";
import { getJson, type Live, throttled } from "./live.js";
import { prototypesTab } from "./prototypes-tab.js";
import { gainText } from "./run-columns.js";
import { settingsTab } from "./settings-tab.js";
import { runName, stateBadge, timeLeft } from "./state.js";
import { styleTab } from "./style-tab.js";
import type { Tab } from "./tab.js";

const TABS: readonly {
  readonly key: string;
  readonly title: string;
  readonly tab: Tab;
  readonly there: (details: RunDetails) => boolean;
}[] = [
  { key: "curves", title: "Curves", tab: curvesTab, there: () => true },
  { key: "images", title: "Images", tab: imagesTab, there: ({ previews }) => previews.length > 0 },
  {
    key: "classes",
    title: "Classes",
    tab: classesTab,
    there: ({ keys, hasConfusion }) => hasConfusion || keys.some((key) => key.startsWith("iou/")),
  },
  {
    key: "prototypes",
    title: "Prototypes",
    tab: prototypesTab,
    there: ({ hasPrototypes }) => hasPrototypes,
  },
  { key: "features", title: "Features", tab: featuresTab, there: ({ hasFeatures }) => hasFeatures },
  { key: "style", title: "Style", tab: styleTab, there: ({ styles }) => styles.length > 0 },
  { key: "settings", title: "Settings", tab: settingsTab, there: () => true },
];

/** The page of one run. */
export async function runPage(id: string, live: Live, signal: AbortSignal): Promise<HTMLElement> {
  const fetchDetails = () => getJson<RunDetails>(`api/run?run=${encodeURIComponent(id)}`, signal);
  let details = await fetchDetails();
  const head = el("div", { class: "run-head" });
  const tablist = el("div", { class: "tabs", role: "tablist", "aria-label": "Parts of the run" });
  const panel = el("div", { class: "panel", role: "tabpanel", id: "panel", tabindex: "-1" });
  const noteHold = el("div", {}, ...noteList(details.notes));
  let open: { key: string; part: ReturnType<Tab>; end: AbortController } | undefined;

  const shown = () => TABS.filter(({ there }) => there(details));

  function select(key: string, focus = false): void {
    const chosen = shown().find((tab) => tab.key === key) ?? shown()[0];
    if (!chosen) return;
    if (open?.key !== chosen.key) {
      if (open) place.set(FORGET);
      open?.end.abort();
      const end = new AbortController();
      signal.addEventListener("abort", () => end.abort(), { signal: end.signal });
      const part = chosen.tab({ id, details, signal: end.signal });
      open = { key: chosen.key, part, end };
      panel.replaceChildren(part.element);
      panel.setAttribute("aria-labelledby", `tab-${chosen.key}`);
      place.set({ tab: chosen.key === "curves" ? undefined : chosen.key });
    }
    drawTabs();
    if (focus) document.getElementById(`tab-${chosen.key}`)?.focus();
  }

  function drawTabs(): void {
    const keys = shown().map(({ key }) => key);
    const old = [...tablist.children].map((tab) => tab.getAttribute("data-key"));
    if (keys.join() !== old.join()) {
      tablist.replaceChildren(
        ...shown().map(({ key, title }) => {
          const tab = el(
            "button",
            {
              type: "button",
              role: "tab",
              id: `tab-${key}`,
              "data-key": key,
              "aria-controls": "panel",
            },
            title,
          );
          tab.addEventListener("click", () => select(key));
          return tab;
        }),
      );
    }
    for (const tab of tablist.children) {
      const on = tab.getAttribute("data-key") === open?.key;
      tab.setAttribute("aria-selected", String(on));
      tab.setAttribute("tabindex", on ? "0" : "-1");
      if (on) tab.scrollIntoView({ block: "nearest", inline: "center" });
    }
  }

  tablist.addEventListener("keydown", (event) => {
    const keys = shown().map(({ key }) => key);
    const at = keys.indexOf(open?.key ?? "");
    const to = { ArrowRight: at + 1, ArrowLeft: at - 1, Home: 0, End: keys.length - 1 }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    select(keys[(to + keys.length) % keys.length] as string, true);
  });
  document.addEventListener(
    "tab",
    (event) => {
      const key = shown()[(event as CustomEvent<number>).detail]?.key;
      if (key) select(key, true);
    },
    { signal },
  );

  const again = throttled(1500, async () => {
    details = await fetchDetails();
    noteHold.replaceChildren(...noteList(details.notes));
    drawTabs();
    open?.part.update?.(details);
  });
  live.onRuns((changed, gone) => {
    const summary = live.runs.get(id);
    if (summary) head.replaceChildren(...headOf(summary));
    if (changed.has(id)) again();
    if (gone.has(id))
      head.append(el("p", { class: "problem" }, "The folder of this run was deleted or moved."));
  }, signal);

  head.replaceChildren(...headOf(live.runs.get(id) ?? details.summary));
  // After the page is in the document: charts measure their room, and the tab scrolls into view.
  setTimeout(() => {
    if (!signal.aborted) select(place.get("tab") ?? "curves");
  });
  return el("div", {}, head, noteHold, tablist, panel);
}

/** Parameters of the address that belong to one tab. */
const FORGET = Object.fromEntries(
  [
    "step",
    "image",
    "left",
    "right",
    "leftRun",
    "rightRun",
    "at",
    "by",
    "matrix",
    "set",
    "sort",
  ].map((key) => [key, undefined]),
);

function headOf(run: RunSummary): HTMLElement[] {
  const { method, seed, step, steps, updated, loss, last, best, error, secondsPerStep, gain } = run;
  const left = timeLeft(run);
  const facts: [string, string][] = [
    ["Method", method ?? "–"],
    ["Seed", seed === undefined ? "–" : String(seed)],
    ["Step", steps ? `${whole(step)} of ${whole(steps)}` : whole(step)],
    ["Source loss", short(loss)],
    ...Object.entries(last).map(([set, { value }]): [string, string] => [
      `mIoU ${set}`,
      `${percent(value)}${best[set] && best[set].value > value ? ` (best ${percent(best[set].value)} at ${whole(best[set].step)})` : ""}`,
    ]),
    ...(gain
      ? [[`Gain to ${gain.kind}`, `${gainText(gain.value)} (${gain.id})`] as [string, string]]
      : []),
    ...(secondsPerStep === undefined
      ? []
      : [["Seconds per step", short(secondsPerStep)] as [string, string]]),
    left === undefined ? ["Updated", ago(updated)] : ["Time left", `${left}, without evaluation`],
  ];
  const progress = el("progress", {
    max: steps ?? 1,
    value: Math.min(step, steps ?? 1),
    "aria-label": "Training progress",
  });
  return [
    el("div", { class: "title-row" }, el("h1", {}, runName(run.id)), stateBadge(run)),
    run.state === "running" ? progress : el("span", {}),
    el(
      "dl",
      { class: "facts" },
      ...facts.map(([term, value]) => el("div", {}, el("dt", {}, term), el("dd", {}, value))),
    ),
    ...(error === undefined ? [] : [el("p", { class: "problem" }, error)]),
    ...(run.state === "lost"
      ? [
          el(
            "p",
            { class: "problem caution" },
            "Its status is running, but has not changed for over a minute: the process was killed, or one step takes that long.",
          ),
        ]
      : []),
  ];
}

const SHOWN_NOTES = 3;

/** What the training reported: the newest notes, and all of them on demand. */
function noteList(notes: readonly RunNote[]): HTMLElement[] {
  if (notes.length === 0) return [];
  const list = (some: readonly RunNote[]) =>
    el(
      "ul",
      { class: "notes" },
      ...some.map(({ step, level, text }) =>
        el("li", { class: level }, el("b", {}, `${level}, step ${whole(step)}`), ` ${text}`),
      ),
    );
  if (notes.length <= SHOWN_NOTES) return [list(notes)];
  const all = el("details", {}, el("summary", {}, `All ${notes.length} notes`), list(notes));
  return [list(notes.slice(-SHOWN_NOTES)), all];
}
