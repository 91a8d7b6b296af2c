import {
  appendFileSync,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../errors.js";

/** Writes a small file so that readers see the old one or the whole new one. */
export function writeAtomically(path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.part`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/** The text files of a run; docs/run-folder.md says what is in each. */
export interface RunFolder {
  readonly path: string;
  /** Writes a small file whole. */
  write(name: string, text: string | Uint8Array): void;
  /** Writes a value as JSON, one entry a line. */
  writeJson(name: string, value: unknown): void;
  /** Appends one line to a `.jsonl` file. */
  append(name: string, entry: object): void;
  /** Drops from a `.jsonl` file what is later than `step`: a resumed run will write it again. */
  rewind(name: string, step: number): void;
}

/** @throws UserError where the folder cannot be made. */
export function openRunFolder(path: string): RunFolder {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(`cannot make the run folder ${path} (${code}); choose another with --out`);
  }
  const write = (name: string, text: string | Uint8Array) =>
    writeAtomically(join(path, name), text);
  return {
    path,
    write,
    writeJson: (name, value) => write(name, `${JSON.stringify(value, null, 2)}\n`),
    append: (name, entry) => appendFileSync(join(path, name), `${JSON.stringify(entry)}\n`),
    rewind(name, step) {
      if (!existsSync(join(path, name))) return;
      const kept = readJsonLines<{ step: number }>(join(path, name)).filter(
        (entry) => entry.step <= step,
      );
      write(name, kept.map((entry) => `${JSON.stringify(entry)}\n`).join(""));
    },
  };
}

/** The objects of a `.jsonl` file; none where it is missing. A line that was torn is left out. */
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
