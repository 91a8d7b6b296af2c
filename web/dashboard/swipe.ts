import { el, hidden } from "./element.js";

export interface Picture {
  readonly src: string;
  readonly name: string;
}

/** The address of a picture of a run; another `version` makes the browser load it again. */
export const pictureUrl = (run: string, file: string, version = "") =>
  `picture?${new URLSearchParams({ run, file, ...(version ? { v: version } : {}) })}`;

export interface Swipe {
  readonly element: HTMLElement;
  show(left: Picture, right: Picture, about: string): void;
}

/** Two pictures of one size over each other, with a movable line between them. */
export function swipe(at: number, onMove: (at: number) => void): Swipe {
  const [left, right] = [el("img", {}), el("img", { class: "swipe-right" })];
  const [leftName, rightName] = [
    el("span", { class: "tag" }),
    el("span", { class: "tag tag-right" }),
  ];
  const range = el("input", { type: "range", min: 0, max: 100, step: 1, value: at });
  const words = hidden("");
  const element = el(
    "div",
    { class: "swipe" },
    left,
    right,
    el("span", { class: "swipe-line", "aria-hidden": "true" }),
    leftName,
    rightName,
    el("label", {}, words, range),
  );
  const move = () => {
    element.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % of the left picture`);
  };
  range.addEventListener("input", () => {
    move();
    onMove(Number(range.value));
  });
  // Small pictures are not interpolated.
  left.addEventListener("load", () => {
    element.style.setProperty("--ratio", `${left.naturalWidth} / ${left.naturalHeight}`);
    element.classList.toggle("pixels", left.naturalWidth * 2 <= element.clientWidth);
  });
  move();
  return {
    element,
    show(one, other, about) {
      for (const [image, { src, name }] of [
        [left, one],
        [right, other],
      ] as const) {
        if (image.getAttribute("src") !== src) image.src = src;
        image.alt = `${about}: ${name}`;
      }
      leftName.textContent = one.name;
      rightName.textContent = other.name;
      words.textContent = `Line between ${one.name} and ${other.name}`;
    },
  };
}
