import type { ClassSet } from "../../src/dashboard/api.js";
import { color, heat, onTheme } from "./colors.js";
import { el } from "./element.js";

export interface MatrixOptions {
  readonly title: string;
  readonly note: string;
  /** The names of rows and columns. */
  readonly rows: string;
  readonly columns: string;
  /** The place of a value on the scale, 0..1. */
  readonly scale: (value: number) => number;
  readonly format: (value: number) => string;
  /** Called when a cell is clicked, or Enter is pressed on it. */
  readonly onChoose?: (row: number, column: number) => void;
}

export interface Matrix {
  readonly element: HTMLElement;
  show(values: readonly (readonly (number | null)[])[]): void;
}

const LABELS = 88;
const TOP = 74;
const OVERHANG = 34; // slanted names extend to the right
const FONT = "11px 'IBM Plex Sans Variable', sans-serif";

/** A heat map of classes by classes; pointer and arrow keys read single cells. */
export function matrix(options: MatrixOptions, classes: ClassSet, signal: AbortSignal): Matrix {
  const { title, note, rows, columns, scale, format, onChoose } = options;
  const canvas = el("canvas", { tabindex: "0", role: "img" });
  const said = el("p", { class: "readout", role: "status" }, "\u00a0");
  const hold = el("div", { class: "matrix-hold" }, canvas);
  const element = el(
    "figure",
    { class: "matrix" },
    el("figcaption", {}, el("h2", {}, title), el("p", { class: "note" }, note)),
    hold,
    said,
  );
  let values: readonly (readonly (number | null)[])[] = [];
  let at: readonly [row: number, column: number] | undefined;
  let cell = 10;
  const count = () => Math.max(1, values.length);
  const nameOf = (k: number) => classes.names[k] ?? String(k);

  function draw(): void {
    const width = Math.floor(hold.clientWidth);
    if (width === 0 || values.length === 0) return;
    cell = Math.max(12, Math.min(26, Math.floor((width - LABELS - OVERHANG) / count())));
    const [wide, high] = [LABELS + cell * count() + OVERHANG, TOP + cell * count()];
    const ratio = devicePixelRatio || 1;
    [canvas.width, canvas.height] = [wide * ratio, high * ratio];
    [canvas.style.width, canvas.style.height] = [`${wide}px`, `${high}px`];
    const pen = canvas.getContext("2d") as CanvasRenderingContext2D;
    pen.scale(ratio, ratio);
    pen.font = FONT;
    const paint = heat();
    const [ink, faint, line] = [color("ink"), color("muted"), color("line")];
    for (const [i, row] of values.entries()) {
      for (const [j, value] of row.entries()) {
        const [x, y] = [LABELS + j * cell, TOP + i * cell];
        if (value === null) {
          pen.strokeStyle = line;
          pen.beginPath();
          pen.moveTo(x + cell * 0.3, y + cell * 0.7);
          pen.lineTo(x + cell * 0.7, y + cell * 0.3);
          pen.stroke();
        } else {
          pen.fillStyle = paint(scale(value));
          pen.fillRect(x, y, cell - 1, cell - 1);
        }
      }
    }
    pen.textBaseline = "middle";
    for (let k = 0; k < count(); k++) {
      const middle = (k + 0.5) * cell - 0.5;
      pen.fillStyle = at?.[0] === k ? ink : faint;
      pen.textAlign = "right";
      pen.fillText(nameOf(k), LABELS - 6, TOP + middle, LABELS - 8);
      pen.save();
      pen.translate(LABELS + middle, TOP - 5);
      pen.rotate(-Math.PI / 3);
      pen.fillStyle = at?.[1] === k ? ink : faint;
      pen.textAlign = "left";
      pen.fillText(nameOf(k), 0, 0, TOP);
      pen.restore();
    }
    if (at) {
      pen.strokeStyle = ink;
      pen.lineWidth = 2;
      pen.strokeRect(LABELS + at[1] * cell, TOP + at[0] * cell, cell - 1, cell - 1);
    }
  }

  function read(next: readonly [number, number] | undefined): void {
    at = next;
    const value = at && values[at[0]]?.[at[1]];
    said.textContent = at
      ? `${nameOf(at[0])} (${rows}), ${nameOf(at[1])} (${columns}): ${value === null || value === undefined ? "unknown" : format(value)}`
      : "\u00a0";
    draw();
  }

  canvas.addEventListener("pointermove", ({ offsetX, offsetY }) => {
    const [i, j] = [Math.floor((offsetY - TOP) / cell), Math.floor((offsetX - LABELS) / cell)];
    const inside = i >= 0 && j >= 0 && i < count() && j < count();
    if (inside && (at?.[0] !== i || at?.[1] !== j)) read([i, j]);
  });
  canvas.addEventListener("pointerleave", () => read(undefined));
  if (onChoose) {
    canvas.classList.add("choosable");
    canvas.addEventListener("click", () => {
      if (at) onChoose(at[0], at[1]);
    });
  }
  canvas.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && at) onChoose?.(at[0], at[1]);
    const moves: Record<string, [number, number]> = {
      ArrowUp: [-1, 0],
      ArrowDown: [1, 0],
      ArrowLeft: [0, -1],
      ArrowRight: [0, 1],
    };
    const move = moves[event.key];
    if (!move) return;
    event.preventDefault();
    const bound = (k: number) => Math.min(count() - 1, Math.max(0, k));
    read(at ? [bound(at[0] + move[0]), bound(at[1] + move[1])] : [0, 0]);
  });
  const observer = new ResizeObserver(draw);
  observer.observe(hold);
  signal.addEventListener("abort", () => observer.disconnect());
  onTheme(draw, signal);

  return {
    element,
    show(next) {
      values = next;
      canvas.setAttribute(
        "aria-label",
        `${title}: ${describe(next, nameOf, format)} Arrow keys read single cells.`,
      );
      draw();
    },
  };
}

/** The three largest values off the diagonal, in words. */
function describe(
  values: readonly (readonly (number | null)[])[],
  nameOf: (k: number) => string,
  format: (value: number) => string,
): string {
  const cells = values.flatMap((row, i) =>
    row.flatMap((value, j) => (value !== null && i !== j ? [{ i, j, value }] : [])),
  );
  const top = cells.sort((a, b) => b.value - a.value).slice(0, 3);
  return `largest between different classes: ${top.map(({ i, j, value }) => `${nameOf(i)} and ${nameOf(j)} ${format(value)}`).join("; ")}.`;
}

/** The colours of a heat map, with the values at both ends. */
export function scaleLegend(least: string, most: string): HTMLElement {
  return el(
    "p",
    { class: "scale" },
    least,
    el("span", { class: "scale-bar", "aria-hidden": "true" }),
    most,
    el("span", { class: "faint" }, "stroke: class never seen"),
  );
}
