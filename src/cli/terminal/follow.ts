import { UserError } from "../../errors.js";
import type { Scores } from "../../evaluate/index.js";
import type { RunEvent, RunResult } from "../../experiment/index.js";
import { percent } from "../../report/score-table.js";
import { commandOf } from "./invocation.js";
import { noLine, progressLine, say } from "./progress.js";

/** The result of a run, and its folder. */
export interface Ended {
  readonly out: string;
  readonly result: RunResult;
}

/**
 * Shows the progress of a run and its earlier runs in the terminal. Returns the result of the last one;
 * undefined if there was nothing to do.
 * @param quiet for all processes except the first
 */
export async function follow(
  events: AsyncIterable<RunEvent>,
  { out: wanted, quiet = false }: { readonly out?: string; readonly quiet?: boolean } = {},
): Promise<Ended | undefined> {
  let line = noLine;
  let ended: Ended | undefined;
  let current: Started | undefined;
  let resumable = false;
  try {
    for await (const event of events) {
      if (event.type === "start") {
        const { out, method, seed, step, steps, section } = event;
        if (!quiet && wanted !== undefined && section !== undefined) {
          const what =
            section === "pretrain"
              ? "pretraining on the source, from which all methods start"
              : `${method}, from which the run starts`;
          say(`${what}: ${steps} steps in ${out}`);
        }
        const name = section === "pretrain" ? "pretraining" : method;
        line = quiet ? noLine : progressLine(`${name} seed ${seed}`, process.stderr, "step");
        if (event.looksAround) line.show("reading images first");
        current = event;
        resumable = step > 0;
      } else if (event.type === "step") {
        const { step, steps, loss, gpuMemory } = event;
        const gpu = gpuMemory ? `  ${gpuMemory.allocated}/${gpuMemory.peak} MiB on the GPU` : "";
        line.update(step, steps, `loss ${loss.toFixed(3)}${gpu}`);
        if (step === steps) line.end();
      } else if (event.type === "checkpoint") {
        resumable = true;
      } else if (event.type === "evaluation") {
        const last = event.step === current?.steps; // the summary shows these scores
        if (!quiet && !last) reached(event.step, event.scores);
      } else {
        line.end();
        ended = event;
        current = undefined;
      }
    }
    return ended;
  } catch (error) {
    if (!(error instanceof UserError) || current === undefined || !resumable) throw error;
    const message = `${error.message}; ${wayOn(current, error, wanted)}`;
    throw new UserError(error.code, message, { cause: error });
  } finally {
    line.end();
  }
}

type Started = Extract<RunEvent, { readonly type: "start" }>;

/** How a run is resumed: with half the rate if it diverged. An earlier run resumes when the command is repeated. */
function wayOn({ out, rate, section }: Started, { code }: UserError, wanted = out): string {
  const diverged = code === "not-finite";
  if (out !== wanted) {
    const again = `repeat the command to continue in ${out}`;
    return diverged ? `remove ${out}, and decrease ${section}.rate` : again;
  }
  const changed = diverged ? ["--set", `train.rate=${rate / 2}`] : [];
  return `resume with: ${commandOf("train", "--resume", out, ...changed)}`;
}

/** Prints the scores of an evaluation. */
function reached(step: number, scores: Readonly<Record<string, Scores>>): void {
  const found = Object.entries(scores).map(([set, { miou }]) => `${set} ${percent(miou)}`);
  if (found.length > 0) say(`step ${step}: mIoU ${found.join(", ")}`);
}
