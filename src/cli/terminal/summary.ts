import { basename } from "node:path";
import type { RunResult } from "../../experiment/run.js";
import { findBaseline } from "../../report/find-baseline.js";
import { readRun } from "../../report/run-files.js";
import { answer, runSummary, type Summary } from "../../report/run-summary.js";
import type { Ended } from "./follow.js";
import { gpuText } from "./gpu-memory.js";
import { commandOf } from "./invocation.js";
import { type Json, print } from "./print.js";
import { clock, say } from "./progress.js";
import { columnsOf, paint, wrapped } from "./terminal.js";

/**
 * Prints the result of a run, and the next command.
 * @param rank of this process among those that train together; rank 0 prints
 * @param wanted the run that was asked for, if it could also end in an earlier one
 */
export function finish({ out, result }: Ended, json?: Json, rank = 0, wanted = out): void {
  if (!result.complete) process.exitCode = 130;
  if (rank > 0) return;
  if (!result.complete) {
    const next =
      out === wanted
        ? `; resume with: ${commandOf("train", "--resume", out)}`
        : ` in ${out}; repeat the command to continue`;
    say(`stopped after step ${result.steps}${next}`);
  }
  const found = () => ({ run: out, ...result });
  if (result.complete) print(summary(result, out), found, json);
  else if (json !== undefined) print("", found, json);
}

/** A dozen lines: the scores, the cost, and the next commands. */
function summary({ method, seed, steps, start, ...cost }: RunResult, out: string): string {
  const { seconds, waiting, peakMemory, gpuMemory } = cost;
  const gpu = gpuMemory ? `; GPU: ${gpuText(gpuMemory)}` : "";
  const run = readRun(out);
  const done = steps - start;
  const taken =
    done === 0 ? "evaluated" : start > 0 ? `steps ${start + 1} to ${steps}` : `${steps} steps`;
  const baseline = findBaseline(run);
  const head = `${method}, seed ${seed}: ${taken} in ${clock(seconds)}`;
  const found = answer(run, baseline);
  const rate = Number((done / seconds).toPrecision(3));
  const speed =
    done === 0 ? "" : `${rate} steps/s, ${(waiting * 100).toFixed(1)} % of it waiting for data; `;
  return [
    ...(found === "" ? [paint("bold", head)] : [paint("bold", found), head]),
    ...lines([
      ...runSummary(run),
      ["cost", `${speed}${peakMemory} MiB at peak${gpu}`],
      ["run", `${out} (with report.html)`],
      ...nextCommands(out, baseline?.run.path),
    ]),
  ].join("\n");
}

/** Commands that use a trained network. */
function nextCommands(out: string, baseline: string | undefined): Summary {
  const commands = [
    commandOf("evaluate", out),
    commandOf("predict", out, "photos", "--out", `${basename(out)}-predictions`),
    ...(baseline === undefined ? [] : [commandOf("compare", baseline, out)]),
  ];
  return commands.map((command) => ["next", command]);
}

/** The lines of a summary, each topic in front of its first line. Commands are not wrapped. */
export function lines(summary: Summary): string[] {
  const width = Math.max(...summary.map(([about]) => about.length));
  const columns = columnsOf(process.stdout);
  return summary.map(([about, text], i) => {
    const shown = about === summary[i - 1]?.[0] ? "" : about;
    const line = `${shown.padEnd(width)}  ${text}`;
    const fitting = about === "next" ? line : wrapped(line, columns, width + 2);
    return paint("dim", shown) + fitting.slice(shown.length);
  });
}
