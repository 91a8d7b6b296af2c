import { scoreTable } from "../report/score-table.js";
import { clock } from "./progress.js";
import type { RunResult } from "./run.js";

/** Prints how a run ended, and what to type next. */
export function finish(result: RunResult, out: string): void {
  if (!result.complete) {
    process.stderr.write(
      `stopped after step ${result.steps}; go on with: cfcontra train --resume ${out}\n`,
    );
    process.exitCode = 130;
    return;
  }
  process.stdout.write(`${scoreTable(result.classes, result.scores)}\n`);
  const { method, steps, seconds, waiting } = result;
  process.stdout.write(
    `${method}, ${steps} steps in ${clock(seconds)} (${(waiting * 100).toFixed(1)} % of it waiting for data)\n` +
      `run folder: ${out} (report.html shows it all)\n`,
  );
}
