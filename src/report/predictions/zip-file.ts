import { closeSync, mkdirSync, openSync, renameSync, rmSync, writeSync } from "node:fs";
import { dirname } from "node:path";
import { Zip, ZipPassThrough } from "fflate";
import { UserError, writing } from "../../errors.js";
import { partFor } from "../../write-atomically.js";

/** A zip that is written entry by entry, without compression. */
export interface ZipFile {
  add(name: string, bytes: Uint8Array): void;
  /** The zip appears under its name. */
  finish(): void;
  /** Removes what was written. */
  discard(): void;
}

/** Entries and bytes beyond which a zip needs extensions that fflate does not write. */
const MOST_ENTRIES = 65_535;
const MOST_BYTES = 2 ** 32 - 1;

/** Creates a zip. The file is created with its first entry, under a temporary name. */
export function zipFile(path: string): ZipFile {
  const temporary = partFor(path);
  let file: number | undefined;
  let bytesWritten = 0;
  let entries = 0;
  const zip = new Zip((error, bytes) => {
    if (error) throw error;
    writing(path, () => {
      for (let done = 0; done < bytes.length; )
        done += writeSync(file as number, bytes, done, bytes.length - done);
    });
    bytesWritten += bytes.length;
  });
  const open = () =>
    writing(path, () => {
      mkdirSync(dirname(path), { recursive: true });
      return openSync(temporary, "w");
    });
  const close = () => {
    if (file !== undefined) closeSync(file);
    file = undefined;
  };
  return {
    add(name, bytes) {
      file ??= open();
      entries++;
      if (entries > MOST_ENTRIES || bytesWritten + bytes.length > MOST_BYTES) {
        throw new UserError(
          "not-supported",
          `${path} would exceed ${MOST_ENTRIES} entries or 4 GiB: predict fewer images at once`,
        );
      }
      const entry = new ZipPassThrough(name);
      entry.mtime = new Date(1980, 0, 1); // the same predictions give the same bytes
      zip.add(entry);
      entry.push(bytes, true);
    },
    finish() {
      zip.end();
      close();
      writing(path, () => renameSync(temporary, path));
    },
    discard() {
      close();
      rmSync(temporary, { force: true });
    },
  };
}
