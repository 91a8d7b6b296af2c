import { UserError } from "../errors.js";
import { type Scores, scores } from "../evaluate/index.js";
import { scoreTable } from "../report/score-table.js";
import { writeAtomically } from "../train/index.js";
import { measure, openEvaluationSets } from "./measure.js";
import { openRun, requireClasses } from "./open-run.js";

export interface EvaluateOptions {
  readonly on?: string;
  readonly json?: string;
  readonly set: readonly string[];
}

/** `cfcontra evaluate`. */
export async function evaluateRun(path: string, { on, json, set }: EvaluateOptions): Promise<void> {
  const { config, info, network, stage, dispose } = openRun(path, set);
  try {
    const sets = await openEvaluationSets(config, process.cwd());
    if (on !== undefined && !sets.has(on)) {
      throw new UserError(`--on ${on}: the run evaluates on ${[...sets.keys()].join(", ")}`);
    }
    const results: Record<string, Scores> = {};
    for (const [name, dataset] of sets) {
      if (on !== undefined && name !== on) continue;
      requireClasses(info, name, dataset.classes.names);
      results[name] = scores(await measure(network, name, dataset, config, stage));
    }
    process.stdout.write(`${scoreTable(info.classes, results)}\n`);
    const { step, method, classes } = info;
    if (json) {
      writeAtomically(
        json,
        `${JSON.stringify({ method, step, classes, scores: results }, null, 2)}\n`,
      );
    }
  } finally {
    dispose();
  }
}
