import type { RunSettings, RunSummary } from "../../src/dashboard/api.js";
import { place, runsHref } from "./address.js";
import { button, el, hidden } from "./element.js";
import { getJson, type Live } from "./live.js";
import { COLUMNS, type Column, settingColumns } from "./run-columns.js";
import { listControls } from "./run-list-controls.js";

/** All runs: sort, filter, group, choose columns, choose runs for a comparison. */
export function runList(live: Live, signal: AbortSignal): HTMLElement {
  const rows = new Map<string, { row: HTMLTableRowElement; box: HTMLInputElement }>();
  const picked = new Set<string>();
  let settings: RunSettings = { keys: [], runs: {} };
  const filter = el("input", {
    type: "search",
    id: "filter",
    placeholder: "name, method, state",
    value: place.get("q") ?? "",
    autocomplete: "off",
  });
  const count = el("p", { class: "hint", role: "status" });
  const compare = button("Compare", () => place.go(runsHref([...picked])), {
    class: "primary",
    disabled: true,
  });
  const head = el("tr", {});
  const body = el("tbody", {});
  const table = el(
    "table",
    { class: "runs" },
    el("caption", { class: "unseen" }, "Runs"),
    el("thead", {}, head),
    body,
  );
  const hold = el("div", { class: "runs-hold" }, table);
  const empty = el("p", { class: "empty" });
  const sort = () => place.get("sort") ?? "-updated";
  const controls = listControls(() => settings.keys, changed);
  const all = () => [...COLUMNS, ...settingColumns(settings)];
  const shownColumns = (): Column[] => all().filter(controls.isShown);

  function drawHead(): void {
    const columns = shownColumns().map(({ key, title, number, by }) => {
      const cell = el("th", {
        scope: "col",
        class: number ? "number" : undefined,
        "data-key": key,
      });
      const sortBy = () => {
        place.set({ sort: sort() === `-${key}` ? key : `-${key}` });
        arrange();
      };
      cell.append(by ? button(title, sortBy) : title);
      return cell;
    });
    head.replaceChildren(el("th", { scope: "col", class: "pick" }, hidden("Compare")), ...columns);
    const wide = shownColumns().some(({ byDefault }) => !byDefault);
    hold.classList.toggle("wide", wide);
    for (const [name, value] of [
      ["tabindex", "0"],
      ["role", "region"],
      ["aria-label", "Runs"],
    ] as const) {
      if (wide) hold.setAttribute(name, value);
      else hold.removeAttribute(name);
    }
  }

  function write(run: RunSummary): void {
    const { row, box } = rows.get(run.id) ?? makeRow(run.id);
    row.setAttribute("data-state", run.state);
    const focused = document.activeElement;
    const hadFocus = focused?.tagName === "A" && row.contains(focused);
    const cells = shownColumns().map(({ key, number, byDefault, cell }) =>
      el(
        key === "run" ? "th" : "td",
        {
          class: `${byDefault ? `cell-${key}` : "cell-setting"}${number ? " number" : ""}`,
          scope: key === "run" ? "row" : undefined,
        },
        ...cell(run),
      ),
    );
    row.replaceChildren(box.parentElement as HTMLElement, ...cells);
    if (hadFocus) row.querySelector("a")?.focus();
  }

  function makeRow(id: string) {
    const box = el("input", { type: "checkbox", "aria-label": `Compare ${id}` });
    box.addEventListener("change", () => {
      if (box.checked) picked.add(id);
      else picked.delete(id);
      drawPicked();
    });
    const made = { row: el("tr", {}, el("td", { class: "pick" }, box)), box };
    rows.set(id, made);
    return made;
  }

  const matches = ({ id, method, state }: RunSummary) =>
    filter.value
      .toLowerCase()
      .split(/\s+/)
      .every((word) => `${id} ${method} ${state}`.toLowerCase().includes(word));

  /** Sorts, groups and filters the rows. Rows that are in place are not moved, so that they keep the focus. */
  function arrange(): void {
    const down = sort().startsWith("-");
    const column = all().find(({ key }) => key === sort().replace("-", "")) ?? COLUMNS[7];
    const value = column?.by ?? (() => 0);
    const shown = [...live.runs.values()].filter(matches).sort((a, b) => {
      const [x, y] = down ? [value(b), value(a)] : [value(a), value(b)];
      return x < y ? -1 : x > y ? 1 : a.id < b.id ? -1 : 1;
    });
    for (const cell of head.querySelectorAll("th[data-key]")) {
      const on = cell.getAttribute("data-key") === column?.key;
      cell.setAttribute("aria-sort", on ? (down ? "descending" : "ascending") : "none");
    }
    const wanted = grouped(shown);
    const keep = new Set<Element>(wanted);
    for (const row of [...body.children]) if (!keep.has(row)) row.remove();
    for (const [i, row] of wanted.entries()) {
      if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null);
    }
    const known = live.runs.size;
    count.textContent =
      shown.length === known
        ? `${known} ${known === 1 ? "run" : "runs"}`
        : `${shown.length} of ${known} runs`;
    table.hidden = shown.length === 0;
    empty.hidden = shown.length > 0;
    empty.textContent =
      known === 0
        ? "No runs yet. Start one with `cfcontra train`; it appears here."
        : "No run matches.";
  }

  /** The rows, below a head for each value of what they are grouped by. */
  function grouped(shown: readonly RunSummary[]): Element[] {
    const rowOf = ({ id }: RunSummary) => (rows.get(id) as { row: HTMLElement }).row;
    const key = controls.groupedBy();
    if (key === undefined) return shown.map(rowOf);
    const groups = new Map<string, RunSummary[]>();
    for (const run of shown) {
      const own = settings.runs[run.id]?.[key];
      const value = (key === "method" ? run.method : key === "state" ? run.state : own) ?? "–";
      groups.set(value, [...(groups.get(value) ?? []), run]);
    }
    return [...groups].flatMap(([value, members]) => {
      const words = `${key} ${value}: ${members.length} ${members.length === 1 ? "run" : "runs"}`;
      const span = shownColumns().length + 1;
      const title = el("th", { scope: "rowgroup", colspan: span }, words);
      return [el("tr", { class: "group-head" }, title), ...members.map(rowOf)];
    });
  }

  function drawPicked(): void {
    compare.disabled = picked.size < 2;
    compare.textContent = picked.size < 2 ? "Compare" : `Compare ${picked.size}`;
  }

  filter.addEventListener("input", () => {
    place.set({ q: filter.value });
    arrange();
  });
  const pickShown = button("Choose all shown", () => {
    const shown = [...live.runs.values()].filter(matches);
    const isAll = shown.every(({ id }) => picked.has(id));
    for (const { id } of shown) {
      if (isAll) picked.delete(id);
      else picked.add(id);
      const made = rows.get(id);
      if (made) made.box.checked = !isAll;
    }
    drawPicked();
  });

  /** Other columns or groups were chosen. */
  function changed(): void {
    drawHead();
    for (const run of live.runs.values()) write(run);
    arrange();
  }
  async function loadSettings(): Promise<void> {
    const found = await getJson<RunSettings>("api/settings", signal).catch(() => undefined);
    if (!found || signal.aborted) return;
    settings = found;
    controls.draw();
    if (controls.needsSettings()) changed();
  }

  const title = el("h1", {}, "Runs");
  const where = el("p", { class: "where" });
  function take(ids: Iterable<string>): void {
    where.textContent = live.folder;
    for (const id of ids) {
      const run = live.runs.get(id);
      if (run) write(run);
    }
    arrange();
  }
  live.onRuns((ids, gone) => {
    const isNew = [...ids].some((id) => !rows.has(id));
    for (const id of gone) {
      rows.get(id)?.row.remove();
      rows.delete(id);
      picked.delete(id);
    }
    take(ids);
    drawPicked();
    if (isNew && controls.needsSettings()) void loadSettings();
  }, signal);
  const clock = setInterval(() => {
    for (const run of live.runs.values()) write(run); // "2 min ago" becomes 3
  }, 30_000);
  signal.addEventListener("abort", () => clearInterval(clock));
  controls.onOpen(() => void loadSettings());

  drawHead();
  if (live.folder !== "") take(live.runs.keys());
  else empty.textContent = "Looking for runs ...";
  if (controls.needsSettings()) void loadSettings();
  return el(
    "div",
    {},
    el("div", { class: "list-head" }, el("div", {}, title, where), count),
    el(
      "div",
      { class: "toolbar" },
      el("label", { class: "field" }, el("span", {}, "Filter"), filter),
      pickShown,
      compare,
      controls.element,
    ),
    hold,
    empty,
  );
}
