import { el } from "./element.js";

export interface Readout {
  readonly element: HTMLElement;
  /** @param left of the crosshair, of `width`, in CSS pixels */
  show(
    title: string,
    entries: readonly { readonly name: string; readonly text: string; readonly color: string }[],
    left: number,
    width: number,
  ): void;
  hide(): void;
}

/** Lines that fit next to the crosshair; the legend has all of them. */
const MOST = 8;

/** The step and the values at the crosshair, on the side of it that has more room. */
export function readout(): Readout {
  const element = el("div", { class: "readout-box", "aria-hidden": "true" });
  element.hidden = true;
  return {
    element,
    show(title, entries, left, width) {
      element.replaceChildren(
        el("b", {}, title),
        ...entries.slice(0, MOST).map(({ name, text, color }) => {
          const swatch = el("span", { class: "swatch" });
          swatch.style.color = color;
          return el("span", {}, swatch, el("span", {}, name), el("span", {}, text));
        }),
      );
      const onRight = left < width / 2;
      element.style.left = onRight ? `${left + 10}px` : "auto";
      element.style.right = onRight ? "auto" : `${width - left + 10}px`;
      element.hidden = false;
    },
    hide() {
      element.hidden = true;
    },
  };
}
