import { button, el } from "./element.js";

/** A button that opens a list of actions; it closes after one, on Escape, and when the focus leaves it. */
export function menu(
  label: string,
  actions: readonly (readonly [words: string, run: () => void])[],
): HTMLElement {
  const items = el(
    "div",
    { class: "menu-items" },
    ...actions.map(([words, run]) =>
      button(words, () => {
        close();
        run();
      }),
    ),
  );
  items.hidden = true;
  const open = button(
    "Save",
    () => {
      items.hidden = !items.hidden;
      open.setAttribute("aria-expanded", String(!items.hidden));
    },
    { class: "quiet", "aria-expanded": "false", "aria-label": label },
  );
  const element = el("div", { class: "menu" }, open, items);
  function close(): void {
    items.hidden = true;
    open.setAttribute("aria-expanded", "false");
  }
  element.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || items.hidden) return;
    event.stopPropagation();
    close();
    open.focus();
  });
  element.addEventListener("focusout", (event) => {
    if (!element.contains(event.relatedTarget as Node | null)) close();
  });
  return element;
}
