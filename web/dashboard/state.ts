import type { RunState, RunSummary } from "../../src/dashboard/api.js";
import { el } from "./element.js";
import { duration } from "./format.js";

const MARKS: Readonly<Record<RunState, string>> = {
  running: "●",
  complete: "✓",
  stopped: "■",
  failed: "✕",
  lost: "?",
};

/** The state in a word, with a mark of its own shape. */
export function stateBadge({ state, error }: RunSummary): HTMLElement {
  return el(
    "span",
    { class: `state state-${state}`, title: error },
    el("span", { class: "state-mark", "aria-hidden": "true" }, MARKS[state] ?? ""),
    state,
  );
}

/** The time of the remaining steps of a running run, without evaluation; undefined if unknown. */
export function timeLeft({ state, secondsPerStep, step, steps }: RunSummary): string | undefined {
  if (state !== "running" || secondsPerStep === undefined || !steps) return undefined;
  return duration(secondsPerStep * Math.max(0, steps - step));
}

/** A run's path, with its last part in bold. */
export function runName(id: string): HTMLElement {
  const cut = id.lastIndexOf("/") + 1;
  return el(
    "span",
    { class: "run-name" },
    cut > 0 && el("span", { class: "faint" }, id.slice(0, cut)),
    el("span", { class: "run-leaf" }, id.slice(cut)),
  );
}
