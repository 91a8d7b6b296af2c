/** Receives what long work reports, and decides where it is shown. */
export interface Listener {
  /** A sentence that a user should read; a warning if something may be wrong. */
  note(sentence: string, level?: "note" | "warning"): void;
  /** `done` of `total` images, steps or scenes; a total of 0 where they cannot be counted. */
  progress(task: string, done: number, total: number): void;
}

/** Notes on the console, no progress: the default. */
export const consoleListener: Listener = {
  note: (sentence) => console.warn(sentence),
  progress: () => {},
};

/** For every process but the first, since all report the same. */
export const silentListener: Listener = { note: () => {}, progress: () => {} };
