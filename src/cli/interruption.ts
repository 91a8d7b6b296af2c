/**
 * Ctrl-C and SIGTERM as a wish: asked once, the run ends after its step; asked again, at once. Within a
 * second it is the same wish: a terminal signals a launcher and its processes, and the launcher them, too.
 */
export interface Interruption {
  readonly asked: boolean;
  /** Gives the signals back. */
  end(): void;
}

export function interruption(): Interruption {
  let asked: number | undefined;
  const ask = () => {
    asked ??= performance.now();
    if (performance.now() - asked > 1000) process.exit(130); // with the last checkpoint as it is
  };
  process.on("SIGINT", ask).on("SIGTERM", ask);
  return {
    get asked() {
      return asked !== undefined;
    },
    end: () => {
      process.off("SIGINT", ask).off("SIGTERM", ask);
    },
  };
}

/** Runs `stop` at Ctrl-C or SIGTERM and exits with 130: where nothing is under way that could be lost. */
export function stoppingAtOnce(stop: () => void): Interruption["end"] {
  const now = () => {
    stop();
    process.exit(130);
  };
  process.on("SIGINT", now).on("SIGTERM", now);
  return () => {
    process.off("SIGINT", now).off("SIGTERM", now);
  };
}
