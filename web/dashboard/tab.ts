import type { RunDetails } from "../../src/dashboard/api.js";

export interface TabContext {
  readonly id: string;
  readonly details: RunDetails;
  readonly signal: AbortSignal;
}

/** A part of a run's page. `update` is called when the run has written something. */
export type Tab = (context: TabContext) => {
  readonly element: HTMLElement;
  update?(details: RunDetails): void;
};
