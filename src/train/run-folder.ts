import { appendFileSync, existsSync, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { UserError, writing } from "../errors.js";
import { writeAtomically } from "../write-atomically.js";

/** A line of a `.jsonl` file. */
export interface Entry {
  readonly step: number;
  readonly [key: string]: unknown;
}

/** The text files of a run; docs/run-folder.md describes each. */
export interface RunFolder {
  readonly path: string;
  /** Writes a small file atomically. */
  write(name: string, text: string | Uint8Array): void;
  /** Writes a value as indented JSON. */
  writeJson(name: string, value: unknown): void;
  /** Appends one line to a `.jsonl` file. */
  append(name: string, entry: object): void;
  /** Rewrites a `.jsonl` file with the entries to keep, without incomplete lines. */
  rewind(name: string, keep: (entry: Entry) => boolean): void;
}

/** Creates a run folder if needed. @throws UserError if it cannot be created */
export function openRunFolder(path: string): RunFolder {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(
      "not-writable",
      `cannot create the run folder ${path} (${code}); choose another with --out`,
      { cause: error },
    );
  }
  const write = (name: string, text: string | Uint8Array) =>
    writeAtomically(join(path, name), text);
  return {
    path,
    write,
    writeJson: (name, value) => write(name, `${JSON.stringify(value, null, 2)}\n`),
    append(name, entry) {
      const file = join(path, name);
      writing(file, () => appendFileSync(file, `${JSON.stringify(entry)}\n`));
    },
    rewind(name, keep) {
      if (!existsSync(join(path, name))) return;
      const kept = readJsonLines<unknown>(join(path, name)).filter(isEntry).filter(keep);
      write(name, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    },
  };
}

const isEntry = (line: unknown): line is Entry =>
  typeof line === "object" && line !== null && "step" in line && typeof line.step === "number";

/** The values of a `.jsonl` file; empty if it is missing. Skips incomplete lines. */
export function readJsonLines<T>(path: string): T[] {
  if (!existsSync(path)) return [];
  return readFileSync(path, "utf8")
    .split("\n")
    .flatMap((line) => {
      try {
        return line === "" ? [] : [JSON.parse(line) as T];
      } catch {
        return [];
      }
    });
}
