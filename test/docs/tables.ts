/** A table of a Markdown text: its rows, cell by cell, by the words of its header. */
export interface Table {
  /** Of the nearest heading above it. */
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

/** The words in backticks of a cell. */
export const codes = (cell = ""): string[] =>
  [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string);
