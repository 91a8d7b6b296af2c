import { STEPS } from "./steps.js";

/**
 * @typedef {import("./run-step.js").Outcome & { commit?: string, date?: string }} Dated
 * @typedef {{ gpu?: string, libtorch?: string, commit?: string, date?: string }} Machine
 * @typedef {{ machine?: Machine, steps: Dated[] }} Results
 */

/**
 * The steps of results.json, in order: those that ran now, and from the results `before` on the same GPU and
 * libtorch those that did not. Each has its own commit and date.
 * @param {Results | undefined} before
 * @param {Machine | undefined} machine
 * @param {readonly import("./run-step.js").Outcome[]} outcomes
 * @returns {Dated[]}
 */
export function merged(before, machine, outcomes) {
  const { commit, date } = machine ?? {};
  const same =
    before?.machine?.gpu === machine?.gpu && before?.machine?.libtorch === machine?.libtorch;
  const all = new Map(same ? before?.steps.map((step) => [step.name, step]) : []);
  for (const outcome of outcomes) {
    all.set(outcome.name, { ...outcome, ...(commit && { commit }), ...(date && { date }) });
  }
  return STEPS.flatMap(({ name }) => all.get(name) ?? []);
}
