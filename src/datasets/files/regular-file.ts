import { closeSync, constants, fstatSync, openSync, readFile } from "node:fs";
import { promisify } from "node:util";

const read = promisify(readFile);

/** Size limit of files that are read at once: the largest label has 512 MiB before compression. */
const MOST_BYTES = 2 ** 29;

/**
 * Opens a file for reading, following links. The caller closes it. It is synchronous because a training step
 * that blocks the event loop would delay a promise.
 * @throws Error if it cannot be opened, or is a folder, pipe or device, which may never end
 */
export function openRegular(path: string): number {
  const file = openSync(path, constants.O_RDONLY | (constants.O_NONBLOCK ?? 0));
  const stat = fstatSync(file);
  if (stat.isFile()) return file;
  closeSync(file);
  throw new Error(stat.isDirectory() ? "it is a folder" : "it is not a regular file");
}

/**
 * The bytes of a file.
 * @throws Error as `openRegular` does, and if the file is larger than 512 MiB
 */
export async function readRegular(path: string): Promise<Buffer> {
  const file = openRegular(path);
  try {
    const { size } = fstatSync(file);
    if (size > MOST_BYTES) throw new Error(`it has ${size} bytes, more than ${MOST_BYTES}`);
    return await read(file);
  } finally {
    closeSync(file);
  }
}

const REASONS: Readonly<Record<string, string>> = {
  ENOENT: "no such file",
  ENOTDIR: "no such file",
  EACCES: "permission denied",
  EPERM: "permission denied",
  ELOOP: "its links form a loop",
  ENXIO: "it is not a regular file", // a socket
  EMFILE: "too many open files: raise the limit with `ulimit -n`",
  ENFILE: "too many open files on this machine",
};

/** Why a file cannot be read, for use in a sentence: one line, without file name and full stop. */
export function whyUnreadable(error: unknown): string {
  const { code = "", message } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const reason = REASONS[code];
  if (reason !== undefined) return reason;
  const first = ((message ?? String(error)).split("\n")[0] ?? "").replace(/[.:\s]+$/, "");
  return first.replace(/^Input file has corrupt header: /, "");
}
