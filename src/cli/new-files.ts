import { existsSync } from "node:fs";
import { UserError } from "../errors.js";

/**
 * For files that a user may have changed since they were written.
 * @param otherwise what to do to keep them
 * @throws UserError if one of the files exists, before the work that would replace it
 */
export function requireNew(files: readonly string[], otherwise: string): void {
  const existing = files.filter((file) => existsSync(file));
  const [first] = existing;
  if (first === undefined) return;
  const [what, them] =
    existing.length === 1
      ? [`${first} exists`, "it"]
      : [`${first} and ${existing.length - 1} more of the files to write exist`, "them"];
  throw new UserError("already-exists", `${what}: ${otherwise}, or remove ${them}`);
}
