/** Hears what happens inside long work, and decides where it is shown. */
export interface Listener {
  /** A sentence that a user should read. */
  note(sentence: string): void;
  /** `done` of `total` images, steps or scenes; a total of 0 where they cannot be counted. */
  progress(task: string, done: number, total: number): void;
}

/** Notes as warnings on the console, no progress: for code that brings no listener. */
export const consoleListener: Listener = {
  note: (sentence) => console.warn(sentence),
  progress: () => {},
};

/** For every process but the first: all would say the same. */
export const silentListener: Listener = { note: () => {}, progress: () => {} };
