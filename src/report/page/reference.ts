import type { Baseline } from "../baseline.js";
import { type RunFiles, type RunOutcome, readRun } from "../run-files.js";
import { besidesMethod, differences, settingsOf } from "../run-groups.js";

/** The run that a page compares a run to. */
export interface Reference {
  /** What it is to the run: "source-only", "its pretraining", or its own name. */
  readonly name: string;
  readonly run: RunFiles;
  /** Settings that differ, besides the method and its options. */
  readonly differing: readonly string[];
}

const NAMES = { "source-only": "source-only", pretraining: "its pretraining" } as const;

/** The reference that a baseline makes. @throws UserError if its folder is damaged */
export const referenceOf = (run: RunOutcome, { kind, run: baseline }: Baseline<RunOutcome>) =>
  reference(run, NAMES[kind], readRun(baseline.path));

/** A run that the user names as the reference. @throws UserError if it is not a run, or damaged */
export function givenReference(run: RunOutcome, path: string): Reference {
  const baseline = readRun(path);
  return reference(run, baseline.name, baseline);
}

function reference({ config }: RunOutcome, name: string, run: RunFiles): Reference {
  const settings = [config, run.config].map((one) => besidesMethod(settingsOf(one)));
  return { name, run, differing: differences(settings) };
}
