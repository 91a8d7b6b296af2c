/** Receives notes and progress of long operations, and may end them. */
export interface Listener {
  /** A message for the user; a warning if something may be wrong. */
  note(sentence: string, level?: "note" | "warning"): void;
  /** `done` of `total` images, steps or scenes; a total of 0 if it is not known. */
  progress(task: string, done: number, total: number): void;
  /** A training of a coder ends with an error when it aborts. */
  readonly signal?: AbortSignal | undefined;
}

/** Prints notes on the console, and no progress. The default. */
export const consoleListener: Listener = {
  note: (sentence) => console.warn(sentence),
  progress: () => {},
};

/** For all processes except the first, which would repeat its messages. */
export const silentListener: Listener = { note: () => {}, progress: () => {} };
