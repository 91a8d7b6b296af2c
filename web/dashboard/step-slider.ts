import { button, el } from "./element.js";
import { whole } from "./format.js";

export interface Steps {
  readonly element: HTMLElement;
  /** All steps, and the current one. */
  show(steps: readonly number[], step: number): void;
}

const BEAT = 700;

/** A slider over the steps of a training, and a button that plays them. */
export function stepSlider(onStep: (step: number) => void, signal: AbortSignal): Steps {
  let steps: readonly number[] = [];
  let timer: ReturnType<typeof setInterval> | undefined;
  const range = el("input", { type: "range", min: 0, step: 1, value: 0 });
  const output = el("output", {});
  const write = () => {
    const step = steps[Number(range.value)] ?? 0;
    output.textContent = `step ${whole(step)}`;
    range.setAttribute("aria-valuetext", `step ${step}`);
    return step;
  };
  const stop = () => {
    clearInterval(timer);
    timer = undefined;
    play.textContent = "Play";
  };
  const play = button("Play", () => {
    if (timer !== undefined) return stop();
    if (Number(range.value) >= steps.length - 1) range.value = "-1";
    play.textContent = "Stop";
    const next = () => {
      range.value = String(Number(range.value) + 1);
      onStep(write());
      if (Number(range.value) >= steps.length - 1) stop();
    };
    if (range.value === "0") onStep(write());
    timer = setInterval(next, BEAT);
  });
  range.addEventListener("input", () => {
    stop();
    onStep(write());
  });
  signal.addEventListener("abort", stop);
  const field = el("label", { class: "field grow" }, el("span", {}, "Training"), range);
  const element = el("div", { class: "steps" }, play, field, output);
  return {
    element,
    show(next, step) {
      steps = next;
      range.max = String(Math.max(0, steps.length - 1));
      range.value = String(Math.max(0, steps.filter((one) => one <= step).length - 1));
      field.hidden = play.hidden = steps.length < 2;
      write();
    },
  };
}
