import { place } from "./address.js";
import { el } from "./element.js";
import { COLUMNS, type Column } from "./run-columns.js";

/** What the list of runs is grouped by, and which columns it has; both are in the address. */
export interface ListControls {
  readonly element: HTMLElement;
  isShown(column: Column): boolean;
  /** `method`, `state` or a setting; undefined for no groups. */
  groupedBy(): string | undefined;
  /** Whether the list shows settings, which are fetched on demand. */
  needsSettings(): boolean;
  /** Offers the settings that are known now. */
  draw(): void;
  /** Called when the reader is about to choose. */
  onOpen(listener: () => void): void;
}

const GROUPS = ["method", "state"];

/** @param settings the dotted keys that differ between runs */
export function listControls(
  settings: () => readonly string[],
  onChange: () => void,
): ListControls {
  const hidden = () => new Set((place.get("hide") ?? "").split(",").filter(Boolean));
  const extra = () => new Set((place.get("columns") ?? "").split(",").filter(Boolean));
  const isShown = ({ key, byDefault }: Pick<Column, "key" | "byDefault">) =>
    byDefault ? !hidden().has(key) : extra().has(key);
  const groupedBy = () => place.get("group");

  const select = el("select", {});
  select.addEventListener("change", () => {
    place.set({ group: select.value });
    onChange();
  });
  const boxes = el("div", { class: "column-list" });
  const columns = el("details", { class: "columns" }, el("summary", {}, "Columns"), boxes);
  columns.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || !columns.open) return;
    columns.open = false;
    columns.querySelector("summary")?.focus();
  });

  function choose(key: string, byDefault: boolean, on: boolean): void {
    const [name, chosen] = byDefault
      ? (["hide", hidden()] as const)
      : (["columns", extra()] as const);
    if (on === byDefault) chosen.delete(key);
    else chosen.add(key);
    place.set({ [name]: [...chosen].join(",") });
    onChange();
  }
  function box(key: string, title: string, byDefault: boolean): HTMLElement {
    const input = el("input", { type: "checkbox", checked: isShown({ key, byDefault }) });
    input.addEventListener("change", () => choose(key, byDefault, input.checked));
    return el("label", {}, input, title);
  }
  function draw(): void {
    const now = groupedBy();
    const known = [...GROUPS, ...settings()];
    const options = now === undefined || known.includes(now) ? known : [...known, now];
    select.replaceChildren(
      el("option", { value: "" }, "nothing"),
      ...options.map((key) => el("option", { value: key, selected: key === now }, key)),
    );
    boxes.replaceChildren(
      ...COLUMNS.slice(1).map(({ key, title }) => box(key, title, true)),
      ...settings().map((key) => box(key, key, false)),
    );
  }
  draw();
  return {
    element: el(
      "div",
      { class: "list-controls" },
      el("label", { class: "field" }, el("span", {}, "Group by"), select),
      columns,
    ),
    isShown,
    groupedBy,
    needsSettings: () => extra().size > 0 || !["", ...GROUPS].includes(groupedBy() ?? ""),
    draw,
    onOpen(listener) {
      for (const type of ["pointerenter", "focusin"] as const) {
        columns.addEventListener(type, listener, { once: true });
        select.addEventListener(type === "focusin" ? "focus" : type, listener, { once: true });
      }
    },
  };
}
