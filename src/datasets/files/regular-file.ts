import { closeSync, constants, fstatSync, openSync, readFile } from "node:fs";
import { promisify } from "node:util";

const read = promisify(readFile);

/** Larger files are not read whole: the largest label has that many bytes before compression. */
const MOST_BYTES = 2 ** 29;

/**
 * Opens a file, through links, for reading. The caller closes it. Opening it does not wait and turns the
 * event loop no further, which a training step that blocks the loop would delay.
 * @throws Error if it cannot be opened, or is a folder, pipe or device: reading from these may never end
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
 * @throws Error as `openRegular` does, and if it has more than 512 MiB
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

/** Why a file cannot be read, for use inside a sentence: no file name, no full stop, one line. */
export function whyUnreadable(error: unknown): string {
  const { code = "", message } = error instanceof Error ? (error as NodeJS.ErrnoException) : {};
  const reason = REASONS[code];
  if (reason !== undefined) return reason;
  const first = ((message ?? String(error)).split("\n")[0] ?? "").replace(/[.:\s]+$/, "");
  return first.replace(/^Input file has corrupt header: /, "");
}
