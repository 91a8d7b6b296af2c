import { button, el, hidden } from "./element.js";
import { bounded, magnified, moved, pictureAt, transformOf, WHOLE, type Zoom } from "./zoom.js";

/** A side of the stage: pixels, or why there are none. */
export interface StageSide {
  readonly pixels: ImageData | undefined;
  readonly name: string;
  readonly problem?: string;
}

export interface Stage {
  readonly element: HTMLElement;
  readonly controls: HTMLElement;
  show(left: StageSide, right: StageSide, about: string): void;
  /** Answers the keys + - 0, and Shift with arrows. Returns whether it did. */
  key(event: KeyboardEvent): boolean;
}

const NEAR = 18; // pixels from the line at which it is grabbed
const STEP = 1.5;
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ...{ ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] },
};

/**
 * Two pictures over each other, with a movable line between them. Zoom and pan move both.
 * @param onPoint called with the point under the pointer, as shares of the picture
 */
export function stage(
  at: number,
  onMove: (at: number) => void,
  onPoint: (point: { readonly x: number; readonly y: number } | undefined) => void,
): Stage {
  const side = (which: string) => {
    const canvas = el("canvas", { role: "img" });
    const problem = el("p", { class: "stage-problem", hidden: true });
    const tag = el("span", { class: `tag tag-${which}` });
    return { canvas, problem, tag, hold: el("div", { class: `stage-${which}` }, canvas, problem) };
  };
  const [left, right] = [side("left"), side("right")];
  const range = el("input", { type: "range", min: 0, max: 100, step: 1, value: at });
  const words = hidden("");
  const line = el("span", { class: "swipe-line", "aria-hidden": "true" });
  const element = el(
    "div",
    { class: "swipe stage" },
    ...[left.hold, right.hold, line, left.tag, right.tag, el("label", {}, words, range)],
  );
  const factor = el("output", { class: "zoom-factor" });
  let zoom: Zoom = WHOLE;

  const moveLine = (next: number) => {
    range.value = String(Math.round(next));
    element.style.setProperty("--at", `${range.value}%`);
    range.setAttribute("aria-valuetext", `${range.value} % of the left picture`);
  };
  function look(next: Zoom): void {
    zoom = bounded(next);
    for (const { canvas } of [left, right]) canvas.style.transform = transformOf(zoom);
    element.classList.toggle("zoomed", zoom.scale > 1);
    factor.textContent = `${Math.round(zoom.scale * 100)} %`;
    smoothness();
  }
  /** Pixels that are large on the screen are not interpolated. */
  function smoothness(): void {
    const shown = element.clientWidth * zoom.scale * devicePixelRatio;
    for (const { canvas } of [left, right]) {
      canvas.classList.toggle("pixelated", canvas.width * 2 <= shown);
    }
  }

  const pointers = new Map<number, { x: number; y: number }>();
  let dragging: "line" | "view" | undefined;
  const shares = ({ clientX, clientY }: MouseEvent) => {
    const box = element.getBoundingClientRect();
    return { x: (clientX - box.left) / box.width, y: (clientY - box.top) / box.height };
  };
  element.addEventListener("pointerdown", (event) => {
    if (event.button !== 0) return;
    const point = shares(event);
    pointers.set(event.pointerId, point);
    element.setPointerCapture(event.pointerId);
    const distance = Math.abs(point.x - Number(range.value) / 100) * element.clientWidth;
    dragging = zoom.scale === 1 || distance < NEAR ? "line" : "view";
    if (zoom.scale === 1) lineTo(point.x);
    range.focus({ preventScroll: true });
    event.preventDefault();
  });
  element.addEventListener("pointermove", (event) => {
    const point = shares(event);
    onPoint(pictureAt(zoom, point.x, point.y));
    const before = pointers.get(event.pointerId);
    if (!before) return;
    const [other] = [...pointers].flatMap(([id, one]) => (id === event.pointerId ? [] : [one]));
    pointers.set(event.pointerId, point);
    if (other) {
      const distance = (one: { x: number; y: number }) =>
        Math.hypot(one.x - other.x, one.y - other.y);
      const ratio = distance(point) / Math.max(1e-3, distance(before));
      look(magnified(zoom, ratio, (point.x + other.x) / 2, (point.y + other.y) / 2));
    } else if (dragging === "line") lineTo(point.x);
    else look(moved(zoom, before.x - point.x, before.y - point.y));
  });
  for (const type of ["pointerup", "pointercancel"] as const) {
    element.addEventListener(type, ({ pointerId }) => pointers.delete(pointerId));
  }
  element.addEventListener("pointerleave", () => onPoint(undefined));
  element.addEventListener("dblclick", (event) => {
    const { x, y } = shares(event);
    look(magnified(zoom, 2, x, y));
  });
  // Without a key, the wheel scrolls the page.
  element.addEventListener(
    "wheel",
    (event) => {
      if (!event.ctrlKey && !event.metaKey) return;
      event.preventDefault();
      const { x, y } = shares(event);
      look(magnified(zoom, Math.exp(-event.deltaY / 300), x, y));
    },
    { passive: false },
  );
  function lineTo(share: number): void {
    moveLine(Math.min(100, Math.max(0, share * 100)));
    onMove(Number(range.value));
  }
  range.addEventListener("input", () => lineTo(Number(range.value) / 100));
  moveLine(at);

  const controls = el(
    "div",
    { class: "zoom-controls", role: "group", "aria-label": "Zoom" },
    button("−", () => look(magnified(zoom, 1 / STEP)), { "aria-label": "Zoom out" }),
    factor,
    button("+", () => look(magnified(zoom, STEP)), { "aria-label": "Zoom in" }),
    button("Fit", () => look(WHOLE)),
  );
  new ResizeObserver(smoothness).observe(element);
  look(WHOLE);

  return {
    element,
    controls,
    show(one, other, about) {
      const ratio = one.pixels ?? other.pixels;
      if (ratio) element.style.setProperty("--ratio", `${ratio.width} / ${ratio.height}`);
      for (const [{ canvas, problem, tag }, { pixels, name, problem: why }] of [
        [left, one],
        [right, other],
      ] as const) {
        canvas.hidden = !pixels;
        problem.hidden = pixels !== undefined || why === undefined;
        problem.textContent = why ?? "";
        canvas.setAttribute("aria-label", `${about}: ${name}`);
        tag.textContent = name;
        if (!pixels) continue;
        [canvas.width, canvas.height] = [pixels.width, pixels.height];
        canvas.getContext("2d")?.putImageData(pixels, 0, 0);
      }
      words.textContent = `Line between ${one.name} and ${other.name}`;
      smoothness();
    },
    key({ key, shiftKey }) {
      const arrow = ARROWS[key];
      if (key === "+" || key === "=") look(magnified(zoom, STEP));
      else if (key === "-") look(magnified(zoom, 1 / STEP));
      else if (key === "0") look(WHOLE);
      else if (shiftKey && arrow && zoom.scale > 1) look(moved(zoom, ...arrow));
      else return false;
      return true;
    },
  };
}
