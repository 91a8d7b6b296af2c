import { readdirSync, readFileSync, writeFileSync } from "node:fs";
import { basename, join } from "node:path";

/** The hand-written pages, by path; docs/api/ is generated. */
export const PAGES = new Map(
  [
    "README.md",
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "SECURITY.md",
    "weights/README.md",
    ...readdirSync("docs")
      .filter((name) => name.endsWith(".md"))
      .map((name) => `docs/${name}`),
  ].map((path) => [path, readFileSync(path, "utf8")]),
);

/** A block of code: fenced, or indented by at least four spaces. */
export interface Block {
  readonly page: string;
  /** Number of its first line. */
  readonly line: number;
  /** The language of a fence; "" without one. */
  readonly language: string;
  readonly lines: readonly string[];
}

const FENCE = /^ *```(\w*)/;
const INDENTED = /^ {4,}\S/;

/** The blocks of code of a page. */
export function blocks(page: string): Block[] {
  const found: Block[] = [];
  const all = (PAGES.get(page) as string).split("\n");
  const indented = (i: number) => INDENTED.test(all[i] ?? "");
  for (let i = 0; i < all.length; i++) {
    const start = i;
    const fence = FENCE.exec(all[i] as string);
    if (fence) {
      while (!/^ *```\s*$/.test(all[++i] ?? "```"));
      const [, language = ""] = fence;
      found.push({ page, line: start + 2, language, lines: all.slice(start + 1, i) });
    } else if (indented(i)) {
      while (indented(i + 1) || (all[i + 1] === "" && indented(i + 2))) i++;
      const lines = all.slice(start, i + 1);
      const margin = Math.min(...lines.filter(Boolean).map((line) => line.search(/\S/)));
      const own = lines.map((line) => line.slice(margin));
      found.push({ page, line: start + 1, language: "", lines: own });
    }
  }
  return found;
}

/** A page without its blocks of code, with the same line numbers. */
export function withoutBlocks(page: string): string {
  const lines = (PAGES.get(page) as string).split("\n");
  for (const { line, lines: code } of blocks(page)) {
    const fenced = FENCE.test(lines[line - 2] ?? "") ? 1 : 0;
    lines.fill("", line - 1 - fenced, line - 1 + code.length + fenced);
  }
  return lines.join("\n");
}

/** The code in backticks of a page, outside of blocks. */
export const inlineCode = (page: string): string[] =>
  [...withoutBlocks(page).matchAll(/(?<!`)`([^`]+)`(?!`)/g)].map(([, code]) =>
    (code as string).replace(/\s+/g, " "),
  );

/** Writes the YAML block of a page (or the README) that starts with `# name` to `folder`. Returns its path. */
export function presetIn(page: string, name: string, folder: string): string {
  const own = [page, "README.md"]
    .flatMap(blocks)
    .find(({ language, lines }) => language === "yaml" && lines[0] === `# ${name}`);
  if (!own) throw new Error(`${page} and README.md do not contain ${name}`);
  const path = join(folder, basename(name));
  writeFileSync(path, own.lines.join("\n"));
  return path;
}

/** A table of a Markdown text: cells by the header of their column. */
export interface Table {
  /** The nearest heading above it. */
  readonly heading: string;
  readonly header: readonly string[];
  readonly rows: readonly Readonly<Record<string, string>>[];
}

const cells = (line: string) =>
  line
    .replace(/^\||\|\s*$/g, "")
    .split("|")
    .map((cell) => cell.trim());

/** Every table of a Markdown text. */
export function tables(text: string): Table[] {
  const found: Table[] = [];
  let heading = "";
  const lines = text.split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i] as string;
    heading = /^#+ (.*)/.exec(line)?.[1] ?? heading;
    if (!line.startsWith("|") || !/^\|[ :|-]+$/.test(lines[i + 1] ?? "")) continue;
    const header = cells(line);
    const rows = [];
    for (i += 2; lines[i]?.startsWith("|"); i++) {
      const row = cells(lines[i] as string);
      rows.push(Object.fromEntries(header.map((name, column) => [name, row[column] ?? ""])));
    }
    found.push({ heading, header, rows });
  }
  return found;
}

/** The code in backticks of a cell. */
export const codes = (cell = ""): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);
