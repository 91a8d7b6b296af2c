import {
  closeSync,
  copyFileSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname } from "node:path";
import { writing } from "./errors.js";

const PART = /^(.+)\.\d+\.part$/;

/**
 * The name of the file that was being written under the name `part`, which a killed process leaves
 * behind; undefined for any other name.
 */
export const partOf = (part: string): string | undefined => PART.exec(part)?.[1];

/**
 * Writes a small file, and its folder where that is missing. Readers see the old file or the whole
 * new one.
 * @throws UserError if the disk refuses it; then the old file stays
 */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  writing(path, () => mkdirSync(dirname(path), { recursive: true }));
  replace(path, (temporary) => writeFileSync(temporary, content));
}

/**
 * Copies a file, and creates its folder if it is missing. Readers see the old file or the whole new one.
 * @throws UserError if the disk refuses it; then the old file stays
 */
export function copyAtomically(from: string, path: string): void {
  writing(path, () => mkdirSync(dirname(path), { recursive: true }));
  replace(path, (temporary) => copyFileSync(from, temporary));
}

/**
 * Writes parts one after the other, so that they need not all be in memory at once. The file appears
 * when it is complete and on the disk.
 * @throws UserError if the disk refuses it, or the folder is missing; then the old file stays
 */
export function writeDurably(path: string, parts: Iterable<Uint8Array>): void {
  replace(path, (temporary) => {
    synchronised(temporary, "w", (file) => {
      for (const part of parts) {
        for (let done = 0; done < part.length; ) done += writeSync(file, part, done);
      }
    });
  });
  writing(path, () => synchronised(dirname(path), "r")); // the name, too
}

/** Puts what `write` writes under a temporary name in the place of `path`. */
function replace(path: string, write: (temporary: string) => void): void {
  const temporary = `${path}.${process.pid}.part`;
  writing(path, () => {
    try {
      write(temporary);
      renameSync(temporary, path);
    } catch (error) {
      rmSync(temporary, { force: true });
      throw error;
    }
  });
}

function synchronised(path: string, flags: string, write: (file: number) => void = () => {}): void {
  const file = openSync(path, flags);
  try {
    write(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}
