import { printable } from "./printable.js";

/** The codes of `UserError`, and their meanings. */
export const ERROR_CODES = {
  "unknown-key": "a key of a configuration, or an option of a method or data set, is not known",
  "invalid-value": "a value has the wrong type or lies outside of its range",
  "unknown-name": "a name (preset, method, class, data set) is not one of those that exist",
  "conflicting-options": "options exclude each other, or one would have no effect",
  "not-found": "a file or folder does not exist",
  "already-exists": "a file or folder would be overwritten",
  "not-readable": "a file or folder cannot be read: permissions, too many open files",
  "not-writable": "a file cannot be written: permissions, a read-only disk, a bad path",
  "disk-full": "no room is left on the disk, or the quota is used up",
  "damaged-file": "a file is truncated, its checksum is wrong, or its content makes no sense",
  "unsupported-file": "a file is of a kind that is not read, or holds something else",
  "dataset-layout": "a data set's folders or lists are not laid out as expected",
  "no-images": "no images were found, or all are excluded",
  "unpaired-files": "an image has no label, a label no image, or two files share a name",
  "image-unreadable": "an image cannot be decoded",
  "label-unreadable": "a label file cannot be decoded",
  "label-size": "a label and its image differ in size",
  "label-value": "a label holds a value that its mapping does not have",
  "no-labels": "labels are needed, and there are none",
  "class-mismatch": "the classes of a data set, run or file are not those of another",
  "size-mismatch": "images are too small, or of sizes that do not go together",
  "weights-mismatch": "a file's tensors do not fit the network",
  "checkpoint-mismatch": "a checkpoint was made by another method, network or coarse stage",
  "pretraining-mismatch": "a pretraining, or the run named by `after`, has other settings",
  "not-a-run": "a folder is not a run folder",
  "no-checkpoint": "a run has not saved a checkpoint",
  "run-locked": "another process writes the run folder",
  "run-incomplete": "a run is not complete: `after` needs a complete run, `compare` at least one",
  "not-finite": "a loss or weight is infinite or not a number",
  "no-device": "the device that was asked for does not exist",
  "out-of-memory": "memory is used up",
  "not-installed": "a part of the installation is missing: the addon, a page, an optional package",
  "not-supported": "what was asked for is not implemented, or this libtorch lacks it",
  "launch-environment": "the variables that describe several processes are missing or wrong",
  "rank-unreachable": "another process did not come, or was lost",
  "port-in-use": "a server cannot listen on its port",
  stopped: "a signal ended the work",
} as const;

/** The code of a `UserError`, for programs to tell errors apart. */
export type ErrorCode = keyof typeof ERROR_CODES;

/**
 * An error that the user can fix, printed on one line without a stack trace. The message states what is
 * wrong, where, and what to do. `code` tells programs the kind, and stays the same when messages change.
 */
export class UserError extends Error {
  override readonly name = "UserError";
  readonly code: ErrorCode;

  constructor(code: ErrorCode, message: string, options?: ErrorOptions) {
    super(printable(message), options);
    this.code = code;
  }
}

const REASONS: Readonly<Record<string, readonly [ErrorCode, string]>> = {
  ENOSPC: ["disk-full", "the disk is full (ENOSPC); free some space"],
  EDQUOT: ["disk-full", "the disk quota is used up (EDQUOT); free some space"],
  EROFS: ["not-writable", "the disk is read-only (EROFS); choose another folder"],
  EACCES: ["not-writable", "permission denied (EACCES); choose another folder"],
  EISDIR: ["not-writable", "it is a folder (EISDIR); choose the name of a file"],
  ENOTDIR: ["not-writable", "part of its path is a file (ENOTDIR); choose another folder"],
  EEXIST: ["not-writable", "part of its path is a file (EEXIST); choose another folder"],
  EIO: ["not-writable", "the disk has an I/O error (EIO); choose a folder on another disk"],
};

/** The error for a file that cannot be written, with the file, the reason and advice. */
export function unwritableError(path: string, error: NodeJS.ErrnoException): UserError {
  const { code = "" } = error;
  const [kind, reason] =
    REASONS[code] ?? (["not-writable", `it failed (${code}); check the path`] as const);
  return new UserError(kind, `cannot write ${path}: ${reason}`, { cause: error });
}

/**
 * Calls `write`, which writes a file.
 * @throws UserError with the file, the reason and advice, if writing fails
 */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof UserError) throw error;
    throw unwritableError(path, error as NodeJS.ErrnoException);
  }
}
