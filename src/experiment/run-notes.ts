import type { RunNote } from "../report/run-data.js";
import type { RunFolder } from "../train/index.js";
import type { Listener } from "./listener.js";

/** Records what a run reports, and passes it on. */
export interface RunNotes {
  /** Passes everything on to the caller's listener. */
  readonly listener: Listener;
  /** Starts writing `notes.jsonl`: those of earlier steps stay, those reported so far follow. */
  writeTo(folder: RunFolder, start: number): void;
}

const FILE = "notes.jsonl";

/** @param stepNow the number of steps done */
export function runNotes(listener: Listener, stepNow: () => number): RunNotes {
  const early: RunNote[] = []; // before it is certain that the run begins
  let write = (note: RunNote): void => {
    early.push(note);
  };
  return {
    listener: {
      progress: listener.progress,
      note(sentence, level = "note") {
        const text = sentence.replace(/^step \d+: /, ""); // the entry has its step
        write({ step: stepNow(), level, text });
        listener.note(sentence, level);
      },
    },
    writeTo(folder, start) {
      folder.rewind(FILE, ({ step }) => step < start);
      write = (note) => folder.append(FILE, note);
      for (const note of early.splice(0)) write({ ...note, step: start });
    },
  };
}
