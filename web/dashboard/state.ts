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

/** How long a running run still takes, judged by all of it so far; undefined where unknown. */
export function timeLeft({ state, started, updated, step, steps }: RunSummary): string | undefined {
  if (state !== "running" || started === undefined || !steps || step === 0) return undefined;
  const spent = (Date.parse(updated) - Date.parse(started)) / 1000;
  return spent > 0 ? duration((spent / step) * (steps - step)) : undefined;
}

/** A run's path, its last part standing out. */
export function runName(id: string): HTMLElement {
  const cut = id.lastIndexOf("/") + 1;
  return el(
    "span",
    { class: "run-name" },
    cut > 0 && el("span", { class: "faint" }, id.slice(0, cut)),
    el("span", { class: "run-leaf" }, id.slice(cut)),
  );
}
