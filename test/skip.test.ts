import { readdirSync, readFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { NEEDS, skipUnless } from "./skip.js";

const here = fileURLToPath(new URL(".", import.meta.url));
const files = readdirSync(here, { recursive: true, encoding: "utf8" })
  .filter((path) => /\.[jt]s$/.test(path) && !/^skip\.(test\.)?ts$/.test(path))
  .map((path) => [path, readFileSync(`${here}/${path}`, "utf8")] as const);

/** Ways of vitest's to leave a test out, or others beside it. */
const SILENT =
  /\.(skip|skipIf|runIf|todo|only)\b\s*(?:<|\()|\bskip\s*:|\b[xf](?:it|describe|test)\(/;

test("no test is skipped but by test/skip.ts, which gives the reason", () => {
  expect(files.length).toBeGreaterThan(100);
  expect(files.filter(([, text]) => SILENT.test(text)).map(([path]) => path)).toEqual([]);
});

test("every reason is one that a test has", () => {
  const all = files.map(([, text]) => text).join("\n");
  const [quoted, shells] = [
    (need: string) => new RegExp(`skip(Here)?Unless\\([^;]*?"${need}"`).test(all),
    ["bash", "fish"], // skipUnless(has(shell), shell)
  ];
  const unused = Object.keys(NEEDS).filter((need) => !quoted(need) && !shells.includes(need));
  expect(unused).toEqual([]);
});

test.each([
  'test.skip("x", () => {});',
  "describe.skipIf(!torch)('x', f)",
  "test.runIf(torch)('x', f)",
  "it.only('x', f)",
  "context.skip()",
  "test('x', { skip: true }, f)",
  "describe.skip<number>('x', f)",
  "xit('x', f)",
])("the search finds %s", (text) => expect(text).toMatch(SILENT));

test("what is there is not skipped", () => {
  expect(skipUnless(true, "zsh")).toEqual({});
  expect(skipUnless(false, "zsh")).toEqual({ skip: true, meta: { skipped: "zsh" } });
});
