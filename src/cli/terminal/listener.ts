import type { Listener } from "../../experiment/listener.js";
import { note, type ProgressLine, progressLine } from "./progress.js";

/** A listener that shows notes and progress in the terminal, with one line for the current work. */
export interface TerminalListener extends Listener {
  /** Removes the line. */
  end(): void;
}

export function terminalListener(): TerminalListener {
  let task: string | undefined;
  let line: ProgressLine | undefined;
  const end = () => {
    line?.end();
    task = line = undefined;
  };
  return {
    note: (sentence) => note(sentence),
    progress(name, done, total) {
      if (name !== task) {
        end();
        task = name;
        line = progressLine(name);
      }
      if (total === 0) line?.show();
      else line?.update(done, total);
      if (total > 0 && done === total) end();
    },
    end,
  };
}

/** Runs a command's work with a listener, and removes its line at the end. */
export async function listening<T>(work: (listener: Listener) => Promise<T>): Promise<T> {
  const listener = terminalListener();
  try {
    return await work(listener);
  } finally {
    listener.end();
  }
}
