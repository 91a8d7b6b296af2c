import { UserError } from "../../errors.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;

/**
 * Converts Ctrl-C, SIGTERM and a closed terminal to an abort signal, on which work ends in order. A second signal, at least
 * one second after the first, ends the process immediately. (Within a second it counts as the same signal: a
 * terminal signals a launcher and its processes, and the launcher passes its signal on to them.)
 */
export interface Interruption {
  readonly signal: AbortSignal;
  /** Stops listening. */
  end(): void;
}

export function interruption(): Interruption {
  const controller = new AbortController();
  let asked: number | undefined;
  const ask = () => {
    asked ??= performance.now();
    controller.abort();
    if (performance.now() - asked > 1000) process.exit(130); // the last checkpoint is intact
  };
  for (const name of SIGNALS) process.on(name, ask);
  return {
    signal: controller.signal,
    end: () => {
      for (const name of SIGNALS) process.off(name, ask);
    },
  };
}

/** Runs work that a signal can interrupt. */
export async function interruptible<T>(work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const { signal, end } = interruption();
  try {
    return await work(signal);
  } finally {
    end();
  }
}

/** @throws UserError if a signal has arrived at work that keeps nothing of what it has done */
export function throwIfStopped({ aborted }: AbortSignal): void {
  if (aborted) throw new UserError("stopped", "stopped: nothing was written");
}
