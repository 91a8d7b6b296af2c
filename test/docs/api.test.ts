import { readdirSync, readFileSync } from "node:fs";
import { describe, expect, test } from "vitest";
import { apiPages, entities } from "../../docs/generate/api.js";
import { exportOf, statements } from "../../docs/generate/declarations.js";

const folder = new URL("../../docs/api/", import.meta.url);

/** A text without line breaks, and without the commas and bars that depend on them. */
const unformatted = (text: string) =>
  text
    .replace(/\s+/g, "")
    .replace(/,(?=[)\]}>])/g, "")
    .replace(/(?<=[=:<(])\|/g, "");

describe("the API reference", () => {
  test("contains all exports, with a doc comment", () => {
    const all = [...entities().values()];
    const names = all.map(({ access }) => access[0]);
    expect(names).toEqual(
      expect.arrayContaining([
        "openExperiment",
        "trainingSteps",
        "style.restyle",
        "readRun",
        "torch.Tensor",
        "nn.sgd",
        "methods",
        "openModel",
        "resized",
      ]),
    );
    const silent = all.filter(({ declarations }) =>
      declarations.every(({ comment }) => comment === ""),
    );
    expect(silent.map(({ file, name }) => `${file}: ${name}`)).toEqual([]);
  });

  test("is up to date; otherwise run `npm run docs` and commit docs/api/", () => {
    const pages = apiPages();
    expect(readdirSync(folder).sort()).toEqual([...pages.keys()].sort());
    const stale = [...pages].filter(
      ([name, text]) =>
        unformatted(readFileSync(new URL(name, folder), "utf8")) !== unformatted(text),
    );
    expect(stale.map(([name]) => name)).toEqual([]);
  });
});

describe("declarations", () => {
  test("are separated, with their comments", () => {
    const text = [
      'import type { A } from "./a.js";',
      "/** One {. */",
      "export interface One {",
      "    /** A brace: } */",
      "    a: A;",
      "}",
      "/**",
      " * Two.",
      " * @throws never",
      " */",
      "export declare const two: {",
      "    b: 1;",
      "};",
      "export declare function three(x: { y: number }): void;",
    ].join("\n");
    const found = statements(text).map(({ text, comment }) => [exportOf(text).declares, comment]);
    expect(found).toEqual([
      [undefined, ""],
      ["One", "One {."],
      ["two", "Two.\n@throws never"],
      ["three", ""],
    ]);
  });

  test.each([
    ['export { a, type B, c as d } from "./x.js";', { from: "./x.js", names: ["a", "B", "d"] }],
    ['export * as nn from "./nn.js";', { from: "./nn.js", as: "nn" }],
    ["export declare abstract class X {", { declares: "X" }],
    ["export {};", { names: [] }],
  ])("%s", (text, expected) => {
    const { names, ...rest } = exportOf(text);
    const last = names?.map(([, other]: [string, string]) => other);
    expect(JSON.parse(JSON.stringify({ ...rest, names: last }))).toEqual(expected);
  });
});
