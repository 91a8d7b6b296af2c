import type { RunSummary } from "../../src/dashboard/api.js";
import { place, runsHref } from "./address.js";
import { button, el, hidden } from "./element.js";
import { ago, percent, short, whole } from "./format.js";
import type { Live } from "./live.js";
import { spark } from "./spark.js";
import { runName, stateBadge, timeLeft } from "./state.js";

interface Column {
  readonly key: string;
  readonly title: string;
  readonly number?: boolean;
  readonly by: (run: RunSummary) => string | number;
}

const main = (scores: RunSummary["last"]) => Object.values(scores)[0];
const COLUMNS: readonly Column[] = [
  { key: "run", title: "Run", by: ({ id }) => id },
  {
    key: "state",
    title: "State",
    by: ({ state }) => ["running", "lost", "failed", "stopped", "complete"].indexOf(state),
  },
  { key: "step", title: "Step", by: ({ step }) => step },
  { key: "miou", title: "mIoU, %", number: true, by: ({ last }) => main(last)?.value ?? -1 },
  { key: "loss", title: "Loss", number: true, by: ({ loss }) => loss ?? -1 },
  { key: "trend", title: "Trend", by: () => 0 },
  { key: "updated", title: "Updated", by: ({ updated }) => Date.parse(updated) },
];

/** All runs: sort, filter, choose for a comparison. */
export function runList(live: Live, signal: AbortSignal): HTMLElement {
  const rows = new Map<
    string,
    { row: HTMLTableRowElement; cells: HTMLTableCellElement[]; box: HTMLInputElement }
  >();
  const picked = new Set<string>();
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
  const head = el("tr", {}, el("th", { scope: "col", class: "pick" }, hidden("Compare")));
  const body = el("tbody", {});
  const table = el(
    "table",
    { class: "runs" },
    el("caption", { class: "unseen" }, "Runs"),
    el("thead", {}, head),
    body,
  );
  const empty = el("p", { class: "empty" });

  const sort = () => place.get("sort") ?? "-updated";
  for (const { key, title, number } of COLUMNS) {
    const cell = el("th", { scope: "col", class: number ? "number" : undefined, "data-key": key });
    const sortBy = () => {
      place.set({ sort: sort() === `-${key}` ? key : `-${key}` });
      arrange();
    };
    cell.append(key === "trend" ? title : button(title, sortBy));
    head.append(cell);
  }

  function makeRow(id: string) {
    const box = el("input", { type: "checkbox", "aria-label": `Compare ${id}` });
    box.addEventListener("change", () => {
      if (box.checked) picked.add(id);
      else picked.delete(id);
      drawPicked();
    });
    const cells = COLUMNS.map(({ key, number }) =>
      el(key === "run" ? "th" : "td", {
        class: `cell-${key}${number ? " number" : ""}`,
        scope: key === "run" ? "row" : undefined,
      }),
    );
    cells[0]?.append(
      el("a", { href: runsHref([id]) }, runName(id)),
      el("span", { class: "under" }),
    );
    const row = el("tr", {}, el("td", { class: "pick" }, box), ...cells);
    const made = { row, cells, box };
    rows.set(id, made);
    return made;
  }

  function write(run: RunSummary): void {
    const { cells } = rows.get(run.id) ?? makeRow(run.id);
    const [name, state, step, miou, loss, trend, updated] = cells as [
      HTMLTableCellElement,
      ...HTMLTableCellElement[],
    ] & { length: 7 };
    const words = [run.method, run.seed === undefined ? undefined : `seed ${run.seed}`].filter(
      (one) => one !== undefined,
    );
    (name.lastElementChild as HTMLElement).textContent = words.join(", ");
    state?.replaceChildren(stateBadge(run));
    name.parentElement?.setAttribute("data-state", run.state);
    const share = run.steps ? Math.min(1, run.step / run.steps) : 1;
    const bar = el("span", { class: "bar", "aria-hidden": "true" });
    bar.style.setProperty("--share", String(share));
    step?.replaceChildren(
      bar,
      el(
        "span",
        {},
        whole(run.step),
        el("span", { class: "faint" }, run.steps ? ` / ${whole(run.steps)}` : ""),
      ),
    );
    miou?.replaceChildren(percent(main(run.last)?.value));
    loss?.replaceChildren(short(run.loss));
    const values = run.trend;
    trend?.replaceChildren(
      values.length > 1
        ? spark(values, `${run.trendOf}: from ${short(values[0])} to ${short(values.at(-1))}`)
        : "",
    );
    const left = timeLeft(run);
    updated?.replaceChildren(left === undefined ? ago(run.updated) : `${left} left`);
  }

  const matches = ({ id, method, state }: RunSummary) =>
    filter.value
      .toLowerCase()
      .split(/\s+/)
      .every((word) => `${id} ${method} ${state}`.toLowerCase().includes(word));

  /** Sorts and filters the rows. Rows that are in place are not moved, so that they keep the focus. */
  function arrange(): void {
    const down = sort().startsWith("-");
    const column = COLUMNS.find(({ key }) => key === sort().replace("-", "")) ?? COLUMNS.at(-1);
    const value = (column as Column).by;
    const shown = [...live.runs.values()].filter(matches).sort((a, b) => {
      const [x, y] = down ? [value(b), value(a)] : [value(a), value(b)];
      return x < y ? -1 : x > y ? 1 : a.id < b.id ? -1 : 1;
    });
    for (const cell of head.querySelectorAll("th[data-key]")) {
      const on = cell.getAttribute("data-key") === column?.key;
      cell.setAttribute("aria-sort", on ? (down ? "descending" : "ascending") : "none");
    }
    const wanted = shown.map(({ id }) => (rows.get(id) as { row: HTMLElement }).row);
    const keep = new Set<Element>(wanted);
    for (const row of [...body.children]) if (!keep.has(row)) row.remove();
    for (const [i, row] of wanted.entries()) {
      if (body.children[i] !== row) body.insertBefore(row, body.children[i] ?? null);
    }
    const all = live.runs.size;
    count.textContent =
      shown.length === all
        ? `${all} ${all === 1 ? "run" : "runs"}`
        : `${shown.length} of ${all} runs`;
    table.hidden = shown.length === 0;
    empty.hidden = shown.length > 0;
    empty.textContent =
      all === 0
        ? "No runs yet. Start one with `cfcontra train`; it appears here."
        : "No run matches.";
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
    const all = shown.every(({ id }) => picked.has(id));
    for (const { id } of shown) {
      if (all) picked.delete(id);
      else picked.add(id);
      const made = rows.get(id);
      if (made) made.box.checked = !all;
    }
    drawPicked();
  });

  const title = el("h1", {}, "Runs");
  const where = el("p", { class: "where" });
  function take(changed: Iterable<string>): void {
    where.textContent = live.folder;
    for (const id of changed) {
      const run = live.runs.get(id);
      if (run) write(run);
    }
    arrange();
  }
  live.onRuns((changed, gone) => {
    for (const id of gone) {
      rows.get(id)?.row.remove();
      rows.delete(id);
      picked.delete(id);
    }
    take(changed);
    drawPicked();
  }, signal);
  const clock = setInterval(() => {
    for (const run of live.runs.values()) write(run); // "2 min ago" becomes 3
  }, 30_000);
  signal.addEventListener("abort", () => clearInterval(clock));

  if (live.folder !== "") take(live.runs.keys());
  else empty.textContent = "Looking for runs ...";
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
    ),
    table,
    empty,
  );
}
