// Run by summary.test.ts alone: tests of which four are skipped.
import { describe, expect, test } from "vitest";
import { skipHereUnless, skipUnless } from "../skip.js";

describe("a group that lacks something", skipUnless(false, "numpy"), () => {
  test("one", () => expect(1).toBe(2));
  test("another", () => expect(1).toBe(2));
});
test("a test that lacks something", skipUnless(false, "zsh"), () => expect(1).toBe(2));
test("a test that has what it needs", skipUnless(true, "zsh"), () => expect(1).toBe(1));
test("a test that finds out that it lacks something", (context) => {
  skipHereUnless(context, false, "fish");
  expect(1).toBe(2);
});
test("a test that finds what it needs", (context) => {
  skipHereUnless(context, true, "fish");
  expect(1).toBe(1);
});
