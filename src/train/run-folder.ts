import { appendFileSync, mkdirSync, renameSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { UserError } from "../errors.js";

/** Writes a small file so that readers see the old one or the whole new one. */
export function writeAtomically(path: string, text: string | Uint8Array): void {
  mkdirSync(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}.part`;
  writeFileSync(temporary, text);
  renameSync(temporary, path);
}

/** The text files of a run: `config.yaml`, `metrics.jsonl`, `result.json`. */
export interface RunFolder {
  readonly path: string;
  writeConfig(yaml: string): void;
  /** Appends one line of numbers to metrics.jsonl. */
  log(entry: Record<string, unknown>): void;
  writeResult(result: unknown): void;
}

/** @throws UserError where the folder cannot be made. */
export function openRunFolder(path: string): RunFolder {
  try {
    mkdirSync(path, { recursive: true });
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new UserError(`cannot make the run folder ${path} (${code}); choose another with --out`);
  }
  return {
    path,
    writeConfig: (yaml) => writeAtomically(join(path, "config.yaml"), yaml),
    log: (entry) => appendFileSync(join(path, "metrics.jsonl"), `${JSON.stringify(entry)}\n`),
    writeResult: (result) =>
      writeAtomically(join(path, "result.json"), `${JSON.stringify(result, null, 2)}\n`),
  };
}
