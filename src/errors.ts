/**
 * A mistake that the user can mend: shown as one sentence, without a stack trace.
 * The message names the file or key, what was found, what was expected and what to do.
 */
export class UserError extends Error {
  override name = "UserError";
}

const REASONS: Readonly<Record<string, string>> = {
  ENOSPC: "the disk is full (ENOSPC); make room",
  EDQUOT: "the quota of the disk is used up (EDQUOT); make room",
  EROFS: "the disk is read-only (EROFS); name another folder",
  EACCES: "it is not permitted (EACCES); name another folder",
  EIO: "the disk fails (EIO); name a folder on another",
};

/**
 * Runs what writes a file.
 * @throws UserError naming the file, the reason and the way out, where the disk refuses it
 */
export function writing<T>(path: string, write: () => T): T {
  try {
    return write();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code === undefined || error instanceof UserError) throw error;
    throw new UserError(
      `cannot write ${path}: ${REASONS[code] ?? `it failed (${code}); check the path`}`,
    );
  }
}
