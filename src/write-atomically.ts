import { randomBytes } from "node:crypto";
import {
  closeSync,
  copyFileSync,
  existsSync,
  fsyncSync,
  mkdirSync,
  openSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
  writeSync,
} from "node:fs";
import { dirname, join, resolve } from "node:path";
import { writing } from "./errors.js";

const PART = /^(.+)\.\d+-[0-9a-f]{8}\.part$/;

/**
 * A temporary name beside `path`, to write under. It has the process and a random number, because process ids repeat in
 * containers that share a disk.
 */
export const partFor = (path: string): string =>
  `${path}.${process.pid}-${randomBytes(4).toString("hex")}.part`;

/**
 * The final name of the temporary file `part`, which a killed process leaves behind; undefined for
 * any other name.
 */
export const partOf = (part: string): string | undefined => PART.exec(part)?.[1];

/**
 * Writes a small file, and creates its folder if needed. Readers see the old file or the complete
 * new one.
 * @throws UserError if writing fails; the old file stays
 */
export function writeAtomically(path: string, content: string | Uint8Array): void {
  writing(path, () => mkdirSync(dirname(path), { recursive: true }));
  replace(path, (temporary) => writeFileSync(temporary, content));
}

/**
 * Copies a file, and creates the folder of the copy if needed. Readers see the old file or the complete
 * new one.
 * @throws UserError if copying fails; the old file stays
 */
export function copyAtomically(from: string, path: string): void {
  writing(path, () => mkdirSync(dirname(path), { recursive: true }));
  replace(path, (temporary) => copyFileSync(from, temporary));
}

/**
 * Writes parts one after the other, so that they need not be in memory at once. The file appears
 * when it is complete and synchronised to the disk.
 * @throws UserError if writing fails or the folder is missing; the old file stays
 */
export function writeDurably(path: string, parts: Iterable<Uint8Array>): void {
  replace(path, (temporary) => {
    synchronised(temporary, "w", (file) => {
      for (const part of parts) {
        for (let done = 0; done < part.length; ) done += writeSync(file, part, done);
      }
    });
  });
  writing(path, () => synchronised(dirname(path), "r")); // the new name is on the disk, too
}

/**
 * Creates the folder of a file that will be written later, and tries to create a file in it.
 * @throws UserError if that fails, before the work whose result would be lost
 */
export function requireWritable(path: string): void {
  writing(path, () => {
    if (statSync(path, { throwIfNoEntry: false })?.isDirectory()) {
      throw Object.assign(new Error("is a folder"), { code: "EISDIR" });
    }
    mkdirSync(dirname(path), { recursive: true });
    tryToCreate(partFor(path));
  });
}

/**
 * Tries to create a file in a folder that will be written later or, if it is missing, in the one that will contain
 * it. Leaves nothing behind.
 * @throws UserError if that fails, before the work whose results would be lost
 */
export function requireWritableFolder(path: string): void {
  let folder = resolve(path);
  while (!existsSync(folder)) folder = dirname(folder);
  writing(path, () => tryToCreate(partFor(join(folder, "new"))));
}

function tryToCreate(temporary: string): void {
  closeSync(openSync(temporary, "w"));
  rmSync(temporary);
}

/** Lets `write` write a temporary file, then renames it to `path`. */
function replace(path: string, write: (temporary: string) => void): void {
  const temporary = partFor(path);
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
