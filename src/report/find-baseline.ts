import { readdirSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { UserError } from "../errors.js";
import { isFile } from "../regular-file.js";
import { type Baseline, baselineFinder, pretrainedOf } from "./baseline.js";
import { type RunOutcome, readOutcome } from "./run-files.js";

/**
 * The baseline of a run: among the complete runs in the same folder, and the pretraining that it starts from,
 * wherever that is. @see baselineFinder
 */
export function findBaseline(run: RunOutcome): Baseline<RunOutcome> | undefined {
  const parent = dirname(resolve(run.path));
  const siblings = readdirSync(parent).flatMap((name) => completeRun(join(parent, name)) ?? []);
  const start = pretrainingOf(run);
  return baselineAmong(start ? [...siblings, start] : siblings)(run);
}

/** Finds the baselines of runs among given complete ones. */
export function baselineAmong<T extends RunOutcome>(
  complete: readonly T[],
): (run: RunOutcome) => Baseline<T> | undefined {
  const candidate = <R extends RunOutcome>(run: R) => ({
    folder: resolve(run.path),
    configuration: run.config,
    run,
  });
  const find = baselineFinder(complete.map(candidate));
  return (run) => {
    const found = find(candidate(run));
    return found && { kind: found.kind, run: found.run.run };
  };
}

/** The complete run that a run has as its pretraining, if there is one. @see pretrainedOf */
export function pretrainingOf({ config }: RunOutcome): RunOutcome | undefined {
  const start = pretrainedOf(config);
  return start === undefined ? undefined : completeRun(start);
}

/** The run in a folder, if there is one that is complete and undamaged. */
export function completeRun(path: string): RunOutcome | undefined {
  if (!isFile(join(path, "config.yaml")) || !isFile(join(path, "result.json"))) return undefined;
  try {
    return readOutcome(path);
  } catch (error) {
    if (error instanceof UserError) return undefined;
    throw error;
  }
}
