import { el } from "./element.js";

export interface LegendEntry {
  readonly name: string;
  readonly color: string;
  readonly dashed?: boolean | undefined;
}

export interface Legend {
  readonly element: HTMLElement;
  isOff(name: string): boolean;
  draw(entries: readonly LegendEntry[]): void;
  /** Writes more about each entry after its name; "" for nothing. */
  describe(text: (name: string) => string): void;
  /** Writes a value, as text, after each entry. */
  write(text: (name: string) => string): void;
  /** Names and values as text. */
  text(): string;
}

/** The names of a chart's lines with their values; each is a button that hides or shows its line. */
export function legendList(onToggle: () => void): Legend {
  const element = el("ul", { class: "legend" });
  const off = new Set<string>();
  let values = new Map<string, HTMLElement>();
  let details = new Map<string, HTMLElement>();

  function item({ name, color, dashed }: LegendEntry): HTMLElement {
    const swatch = el("span", {
      class: dashed ? "swatch dashed" : "swatch",
      "aria-hidden": "true",
    });
    swatch.style.color = color;
    const words = el("span", {}, name);
    const detail = el("span", { class: "legend-detail" });
    details.set(name, detail);
    words.append(detail);
    const toggle = el("button", { type: "button", title: "show or hide" }, swatch, words);
    const mark = () => toggle.setAttribute("aria-pressed", String(!off.has(name)));
    toggle.addEventListener("click", () => {
      if (!off.delete(name)) off.add(name);
      mark();
      onToggle();
    });
    mark();
    const value = el("span", { class: "legend-value" });
    values.set(name, value);
    return el("li", {}, toggle, value);
  }

  return {
    element,
    isOff: (name) => off.has(name),
    draw(entries) {
      values = new Map();
      details = new Map();
      element.replaceChildren(...entries.map(item));
    },
    describe(text) {
      for (const [name, detail] of details) {
        const words = text(name);
        detail.textContent = words === "" ? "" : ` ${words}`;
      }
    },
    write(text) {
      for (const [name, value] of values) value.textContent = text(name);
    },
    text: () => [...values].map(([name, value]) => `${name} ${value.textContent}`).join(", "),
  };
}
