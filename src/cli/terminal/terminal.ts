/** What decides about colours and progress lines. */
type Stream = Pick<NodeJS.WriteStream, "isTTY" | "columns">;
type Environment = Readonly<Record<string, string | undefined>>;

/** Whether a line can be rewritten: in a terminal, unless it is a dumb one. */
export const isLive = ({ isTTY }: Stream, { TERM }: Environment = process.env): boolean =>
  isTTY === true && TERM !== "dumb";

/**
 * Whether to write colours: in a live terminal without `NO_COLOR`; `FORCE_COLOR` overrides both
 * (no-color.org, force-color.org).
 */
export function hasColors(stream: Stream, env: Environment = process.env): boolean {
  const { FORCE_COLOR, NO_COLOR } = env;
  if (FORCE_COLOR !== undefined) return FORCE_COLOR !== "0" && FORCE_COLOR !== "false";
  return isLive(stream, env) && !NO_COLOR;
}

/** Columns of a terminal, 80 if it does not report them; Infinity if there is no terminal. */
export const columnsOf = ({ isTTY, columns }: Stream): number =>
  isTTY ? columns || 80 : Number.POSITIVE_INFINITY;

/** Text in lines of at most `columns` characters, indented after the first. */
export function wrapped(text: string, columns: number, indent: number): string {
  const lines: string[] = [];
  for (const word of text.split(" ")) {
    const line = lines.at(-1);
    const longer = `${line} ${word}`;
    if (line !== undefined && longer.length <= columns) lines[lines.length - 1] = longer;
    else lines.push(line === undefined ? word : " ".repeat(indent) + word);
  }
  return lines.join("\n");
}

/** Start and end codes of text styles (ECMA-48, select graphic rendition). */
const STYLES = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  yellow: [33, 39],
  cyan: [36, 39],
} as const;

/** `text` in a style, or unchanged if the stream does not get colours. */
export function paint(
  style: keyof typeof STYLES,
  text: string,
  stream: Stream = process.stdout,
): string {
  if (!hasColors(stream)) return text;
  const [on, off] = STYLES[style];
  return `\x1b[${on}m${text}\x1b[${off}m`;
}
