/** A release that cannot go on; the message says what to do and is shown without a stack. */
export class ReleaseError extends Error {
  /** @override */
  name = "ReleaseError";
}
