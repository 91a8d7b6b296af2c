import { spawnSync } from "node:child_process";
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { type Block, blocks, inlineCode, PAGES } from "./markdown.js";

// Code on the pages is compiled like the reader's: in the package, against its declarations.

/** The code around an excerpt, by a part of its text. */
const AROUND = {
  "export function mine(": `
    import type { Method, MethodContext } from "../../dist/methods/method.js";
    import { networkTrainer } from "../../dist/methods/step/network-trainer.js";
    import { predict, supervisedLosses } from "../../dist/methods/step/supervised.js";
    import { scope } from "../../dist/torch/index.js";
    interface Options { aux: number }
  `,
  "export function sourceOnly(": `
    import type { Method, MethodContext } from "../../dist/methods/method.js";
    import { networkTrainer } from "../../dist/methods/step/network-trainer.js";
    import { supervisedPart } from "../../dist/methods/step/supervised.js";
  `,
  "openSegmenter(ort": `
    declare const context: {
      getImageData(x: number, y: number, w: number, h: number):
        { width: number; height: number; data: Uint8ClampedArray };
    };
    declare const width: number, height: number, modelBytes: Uint8Array;
  `,
  "await openStreets(": 'import { openStreets } from "cfcontra";',
};
/** Code that cannot be compiled, by a part of its text, and why. */
const EXCERPTS = {
  "export const backbones = {": "shows the place of a line, and not the rest",
  "export const methods = {": "shows the place of a line, and `...` for the rest",
};

const isCode = ({ language, lines: [first = ""] }: Block) =>
  ["ts", "js"].includes(language) ||
  (language === "" && /^(import|export (function|const)|const|await) /.test(first));

/** The folder of src/ for the files of a page. */
const folderOf = (page: string) => (page === "docs/adding-a-backbone.md" ? "network" : "methods");

/** A complete program for the code on a page. */
function program(text: string, page = "README.md"): string {
  const around = Object.entries(AROUND).find(([part]) => text.includes(part))?.[1] ?? "";
  const local = text
    .replace(/from "\.\.\//g, 'from "../../dist/')
    .replace(/from "\.\//g, `from "../../dist/${folderOf(page)}/`);
  return `${around}\n${local}\nexport {};\n`;
}

/** The output of the compiler for programs by name. */
function typeErrors(programs: ReadonlyMap<string, string>): string {
  mkdirSync("build", { recursive: true });
  const folder = mkdtempSync("build/docs-");
  try {
    for (const [name, text] of programs) writeFileSync(join(folder, `${name}.ts`), text);
    const compilerOptions = {
      noEmit: true,
      incremental: false,
      tsBuildInfoFile: null,
      rootDir: "../..",
    };
    const project = { extends: "../../tsconfig.json", compilerOptions, include: ["*.ts"] };
    writeFileSync(join(folder, "tsconfig.json"), JSON.stringify(project));
    const compiler = "node_modules/typescript/bin/tsc";
    return spawnSync("node", [compiler, "-p", folder], { encoding: "utf8" }).stdout;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

describe("TypeScript and JavaScript", () => {
  const found = [...PAGES.keys()].flatMap((page) => [
    ...blocks(page)
      .filter(isCode)
      .map(({ lines }) => ({ page, text: lines.join("\n") })),
    ...inlineCode(page)
      .filter((text) => /^import .* from "cfcontra/.test(text))
      .map((text) => ({ page, text })),
  ]);
  const whole = found.filter(
    ({ text }) => !Object.keys(EXCERPTS).some((part) => text.includes(part)),
  );

  test("exist on these pages", () => {
    expect(whole.length).toBeGreaterThan(5);
    for (const part of [...Object.keys(AROUND), ...Object.keys(EXCERPTS)]) {
      expect([part, found.some(({ text }) => text.includes(part))]).toEqual([part, true]);
    }
  });
  test("compile", () => {
    const programs = whole.map(
      ({ page, text }, i) => [`${page.replace(/\W/g, "-")}-${i}`, program(text, page)] as const,
    );
    expect(typeErrors(new Map(programs))).toBe("");
  });
  test("does not compile with a mistake", () => {
    const wrong = program('import { openDataset, nothing } from "cfcontra";\nopenDataset();');
    const errors = typeErrors(new Map([["wrong", wrong]]));
    expect(errors).toMatch(/has no exported member 'nothing'/);
    expect(errors).toMatch(/Expected 1-3 arguments/);
  });
});
