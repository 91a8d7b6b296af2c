// Run by summary.test.ts alone: tests of which three are skipped.
import { describe, expect, test } from "vitest";
import { skipUnless } from "../skip.js";

describe("a group that lacks something", skipUnless(false, "numpy"), () => {
  test("one", () => expect(1).toBe(2));
  test("another", () => expect(1).toBe(2));
});
test("a test that lacks something", skipUnless(false, "zsh"), () => expect(1).toBe(2));
test("a test that has what it needs", skipUnless(true, "zsh"), () => expect(1).toBe(1));
