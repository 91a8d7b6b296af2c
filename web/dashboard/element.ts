type Child = Node | string | undefined | false;
type Attributes = Readonly<Record<string, string | number | boolean | undefined>>;

/** An element with attributes (false and undefined are left out) and children; strings become text nodes. */
export function el<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  return fill(document.createElement(tag), attributes, children);
}

/** The same for SVG. */
export function svg<K extends keyof SVGElementTagNameMap>(
  tag: K,
  attributes: Attributes = {},
  ...children: Child[]
): SVGElementTagNameMap[K] {
  return fill(document.createElementNS("http://www.w3.org/2000/svg", tag), attributes, children);
}

function fill<T extends Element>(element: T, attributes: Attributes, children: Child[]): T {
  for (const [name, value] of Object.entries(attributes)) {
    if (value !== undefined && value !== false) {
      element.setAttribute(name, value === true ? "" : String(value));
    }
  }
  element.append(...children.filter((child) => child !== undefined && child !== false));
  return element;
}

/** A button with a text. */
export function button(words: string, onClick: () => void, attributes: Attributes = {}) {
  const element = el("button", { type: "button", ...attributes }, words);
  element.addEventListener("click", onClick);
  return element;
}

/** A list to choose from, with a visible label. */
export function choice(
  label: string,
  options: readonly (readonly [value: string, words: string])[],
  value: string,
  onChange: (value: string) => void,
): HTMLLabelElement {
  const select = el(
    "select",
    {},
    ...options.map(([one, words]) => el("option", { value: one, selected: one === value }, words)),
  );
  select.addEventListener("change", () => onChange(select.value));
  return el("label", { class: "field" }, el("span", {}, label), select);
}

/** Text for screen readers only. */
export const hidden = (words: string) => el("span", { class: "unseen" }, words);
