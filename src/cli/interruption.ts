/** Ctrl-C and SIGTERM as a wish: asked once, the run ends after its step; asked twice, at once. */
export interface Interruption {
  readonly asked: boolean;
  /** Gives the signals back. */
  end(): void;
}

export function interruption(): Interruption {
  let asked = false;
  const ask = () => {
    if (asked) process.exit(130); // with the last checkpoint as it is
    asked = true;
  };
  process.on("SIGINT", ask).on("SIGTERM", ask);
  return {
    get asked() {
      return asked;
    },
    end: () => {
      process.off("SIGINT", ask).off("SIGTERM", ask);
    },
  };
}
