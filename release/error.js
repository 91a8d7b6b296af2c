/** A release that cannot continue; the message says what to do and is printed without a stack trace. */
export class ReleaseError extends Error {
  /** @override */
  name = "ReleaseError";
}
