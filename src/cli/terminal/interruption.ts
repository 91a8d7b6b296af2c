/**
 * Ctrl-C and SIGTERM as a wish: asked once, the run ends after its step; asked again, at once. Within a
 * second it is the same wish: a terminal signals a launcher and its processes, and the launcher them, too.
 */
export interface Interruption {
  readonly asked: boolean;
  /**
   * While `body` runs, the wish comes true at once: calls `stop`, and exits with 130. Rejects with what
   * `stop` throws.
   */
  atOnce<T>(stop: () => void, body: () => Promise<T>): Promise<T>;
  /** Gives the signals back. */
  end(): void;
}

export function interruption(): Interruption {
  let asked: number | undefined;
  let stop: (() => void) | undefined;
  const ask = () => {
    asked ??= performance.now();
    if (stop) stop();
    else if (performance.now() - asked > 1000) process.exit(130); // with the last checkpoint as it is
  };
  process.on("SIGINT", ask).on("SIGTERM", ask);
  return {
    get asked() {
      return asked !== undefined;
    },
    atOnce<T>(how: () => void, body: () => Promise<T>): Promise<T> {
      return new Promise<T>((resolve, reject) => {
        stop = () => {
          try {
            how();
          } catch (error) {
            return reject(error);
          }
          process.exit(130);
        };
        body().then(resolve, reject);
      }).finally(() => {
        stop = undefined;
      });
    },
    end: () => {
      process.off("SIGINT", ask).off("SIGTERM", ask);
    },
  };
}
