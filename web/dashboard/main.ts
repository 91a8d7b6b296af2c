import "uplot/dist/uPlot.min.css";
import "./style.css";
import { followLinks, place } from "./address.js";
import { comparePage } from "./compare-page.js";
import { button, el } from "./element.js";
import { type Connection, openLive } from "./live.js";
import mark from "./mark.svg";
import { runList } from "./run-list.js";
import { runPage } from "./run-page.js";

const THEMES = ["auto", "light", "dark"] as const;
const WORDS: Readonly<Record<Connection, string>> = {
  connecting: "connecting",
  live: "live",
  away: "no connection, trying again",
};

const live = openLive();
const view = el("main", { id: "main", tabindex: "-1" });
let end = new AbortController();

/** Shows the view that the address names. */
async function show(): Promise<void> {
  end.abort();
  end = new AbortController();
  const { signal } = end;
  const ids = place.all("run");
  document.title =
    ids.length === 0
      ? "cfcontra runs"
      : ids.length === 1
        ? `${ids[0]} – cfcontra`
        : `${ids.length} runs – cfcontra`;
  crumbs.hidden = ids.length === 0;
  try {
    const page =
      ids.length === 0
        ? runList(live, signal)
        : ids.length === 1
          ? await runPage(ids[0] as string, live, signal)
          : await comparePage(ids, live, signal);
    if (!signal.aborted) view.replaceChildren(page);
  } catch (error) {
    if (signal.aborted) return;
    view.replaceChildren(
      el("h1", {}, "This page cannot be shown"),
      el("p", { class: "problem" }, (error as Error).message),
      button("Try again", () => void show()),
    );
    // The run of the address may be about to begin.
    live.onRuns((changed) => {
      if (ids.some((id) => changed.has(id))) void show();
    }, signal);
  }
}

function theme(next?: (typeof THEMES)[number]): (typeof THEMES)[number] {
  if (next) localStorage.setItem("theme", next);
  const now = THEMES.find((one) => one === localStorage.getItem("theme")) ?? "auto";
  if (now === "auto") document.documentElement.removeAttribute("data-theme");
  else document.documentElement.setAttribute("data-theme", now);
  document.dispatchEvent(new Event("theme"));
  return now;
}

const nextTheme = () => {
  const next = THEMES[(THEMES.indexOf(theme()) + 1) % THEMES.length] as (typeof THEMES)[number];
  themeButton.textContent = `Theme: ${theme(next)}`;
};
const themeButton = button(`Theme: ${theme()}`, nextTheme, { class: "quiet" });
const connection = el("span", { class: "connection", role: "status" });
const say = () => {
  connection.textContent = WORDS[live.connection];
  connection.className = `connection ${live.connection}`;
};
live.onConnection(say);
say();

const keys = el(
  "dialog",
  { "aria-label": "Keys" },
  el("h2", {}, "Keys"),
  el(
    "dl",
    { class: "keys" },
    ...(
      [
        ["/", "filter the list of runs"],
        ["1 to 7", "open a tab of a run"],
        ["← →", "read values of a chart, move a slider"],
        ["[ ]", "previous and next image"],
        ["+ − 0", "zoom images, show them whole"],
        ["Shift ← →", "move a zoomed image"],
        ["u", "go to the list of runs"],
        ["t", "switch between light and dark"],
        ["?", "show this list"],
      ] as const
    ).flatMap(([key, words]) => [el("dt", {}, el("kbd", {}, key)), el("dd", {}, words)]),
  ),
  button("Close", () => keys.close()),
);
const crumbs = el("a", { class: "crumb", href: "./" }, "All runs");

document.addEventListener("keydown", (event) => {
  const typing =
    event.target instanceof HTMLInputElement &&
    event.target.type !== "range" &&
    event.target.type !== "checkbox";
  if (
    typing ||
    event.target instanceof HTMLSelectElement ||
    event.ctrlKey ||
    event.metaKey ||
    event.altKey
  )
    return;
  const filter = document.getElementById("filter");
  if (event.key === "/" && filter) filter.focus();
  else if (event.key === "t") nextTheme();
  else if (event.key === "u") place.go("./");
  else if (event.key === "?") keys.showModal();
  else if (/^[1-7]$/.test(event.key))
    document.dispatchEvent(new CustomEvent("tab", { detail: Number(event.key) - 1 }));
  else return;
  event.preventDefault();
});

const skip = el("a", { class: "skip", href: "#main" }, "Skip to content");
skip.addEventListener("click", (event) => {
  event.preventDefault();
  view.focus();
});
document.body.append(
  skip,
  el(
    "header",
    { class: "top" },
    el(
      "a",
      { class: "brand", href: "./" },
      el("img", { src: mark, alt: "", width: 22, height: 22 }),
      "cfcontra",
    ),
    crumbs,
    connection,
    button("Keys", () => keys.showModal(), { class: "quiet for-keyboards" }),
    themeButton,
  ),
  view,
  keys,
);
followLinks();
place.onChange(() => void show());
void show();
