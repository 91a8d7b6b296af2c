import { hostname } from "node:os";
import { join } from "node:path";
import { UserError } from "../errors.js";
import { writeAtomically } from "../write-atomically.js";

/** `running`, `complete`, `stopped` by Ctrl-C (it can be resumed) or `failed`. */
export type RunState = "running" | "complete" | "stopped" | "failed";

/** `status.json`: the state of a run. "running" but not `updated` for a minute means that it was lost. */
export interface Status {
  readonly state: RunState;
  readonly method: string;
  readonly seed: number;
  /** Steps done. */
  readonly step: number;
  readonly steps: number;
  /** ISO 8601; of a resumed run, the time of resuming. */
  readonly started: string;
  readonly updated: string;
  readonly pid: number;
  readonly host: string;
  /** The error of a failed run. */
  readonly error?: string;
}

/** Writes a run's `status.json` every two seconds, until `end`. */
export interface StatusFile {
  at(step: number): void;
  end(state: Exclude<RunState, "running">, error?: string): void;
}

const EVERY = 2000;

/** Writes `status.json` of a run that starts or resumes at `step`. */
export function openStatus(
  folder: string,
  run: Pick<Status, "method" | "seed" | "step" | "steps">,
): StatusFile {
  const started = new Date().toISOString();
  let { step } = run;
  const write = (state: RunState, error?: string) => {
    const { method, seed, steps } = run;
    const updated = new Date().toISOString();
    const own = { pid: process.pid, host: hostname(), ...(error === undefined ? {} : { error }) };
    const status: Status = { state, method, seed, step, steps, started, updated, ...own };
    writeAtomically(join(folder, "status.json"), `${JSON.stringify(status, null, 2)}\n`);
  };
  write("running");
  /** Ignores a full disk: it may have space again before the next checkpoint. */
  const tryToWrite = (...how: Parameters<typeof write>) => {
    try {
      write(...how);
    } catch (cause) {
      if (!(cause instanceof UserError)) throw cause;
    }
  };
  // The event loop turns once per training step and once per evaluated image: the timer fires there.
  const timer = setInterval(tryToWrite, EVERY, "running").unref();
  const end = (state: Exclude<RunState, "running">, error?: string) => {
    clearInterval(timer);
    process.off("exit", interrupted);
    tryToWrite(state, error);
  };
  const interrupted = () => end("stopped"); // a second Ctrl-C exits at once
  process.once("exit", interrupted);
  return {
    at(done) {
      step = done;
    },
    end,
  };
}
