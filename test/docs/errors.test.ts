import { expect, test } from "vitest";
import { ERROR_CODES } from "../../src/errors.js";
import { codes, PAGES, tables } from "./markdown.js";

test("docs/errors.md lists every code with its meaning", () => {
  const [table] = tables(PAGES.get("docs/errors.md") as string);
  const listed = table?.rows.map(({ code, meaning }) => [codes(code)[0], meaning]);
  expect(listed).toEqual(Object.entries(ERROR_CODES));
});
