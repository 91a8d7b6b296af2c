/**
 * A mistake that the user can mend: shown as one sentence, without a stack trace.
 * The message names the file or key, what was found, what was expected and what to do.
 */
export class UserError extends Error {
  override name = "UserError";
}
