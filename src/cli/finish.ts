import { scoreTable } from "../report/score-table.js";
import { alone, type ProcessGroup } from "../torch/index.js";
import { clock } from "./progress.js";
import type { RunResult } from "./run.js";

/** Prints, in rank 0, how a run ended, and what to type next. */
export function finish(result: RunResult, out: string, { rank }: ProcessGroup = alone): void {
  if (!result.complete) process.exitCode = 130;
  if (rank > 0) return;
  if (!result.complete) {
    process.stderr.write(
      `stopped after step ${result.steps}; go on with: cfcontra train --resume ${out}\n`,
    );
    return;
  }
  process.stdout.write(`${scoreTable(result.classes, result.scores)}\n`);
  const { method, steps, seconds, waiting } = result;
  process.stdout.write(
    `${method}, ${steps} steps in ${clock(seconds)} (${(waiting * 100).toFixed(1)} % of it waiting for data)\n` +
      `run folder: ${out} (report.html shows it all)\n`,
  );
}
