import { expect } from "vitest";
import { type ErrorCode, UserError } from "../src/errors.js";

/**
 * Expects an action to throw, or reject with, a UserError of this code, and returns it. Tests match codes,
 * and names and numbers in messages, but not their English, which may change.
 * @param names what the message must contain: files, keys, values
 */
export async function userError(
  action: (() => unknown) | Promise<unknown>,
  code: ErrorCode,
  ...names: readonly string[]
): Promise<UserError> {
  const error = await Promise.resolve(action)
    .then((value) => (typeof value === "function" ? value() : value))
    .then(
      () => undefined,
      (reason: unknown) => reason,
    );
  expect(error).toBeInstanceOf(UserError);
  const found = error as UserError;
  expect(found.code, found.message).toBe(code);
  for (const name of names) expect(found.message).toContain(name);
  expect(found.message, "one line").not.toContain("\n");
  return found;
}
