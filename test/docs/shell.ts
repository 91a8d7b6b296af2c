import { type Block, blocks, inlineCode } from "./markdown.js";

/** A command of a page, split into words. */
export interface ShellCommand {
  readonly page: string;
  readonly text: string;
  readonly words: readonly string[];
}

/** The beginning of a command; other lines of an unmarked block are output. */
const COMMAND =
  /^((npx|npm|node|cfcontra|torchrun|srun|ssh|git|apt-get|sudo|pip|python3?|tensorboard|docker) (?! )|export [A-Z]|[A-Z_]+=\S+ )/;
/** The same in backticks. */
const INLINE = /^(npx cfcontra|cfcontra|npm run|torchrun|srun|ssh) \S/;

/** Splits a line into words like a shell, without quotes and comments. */
export function words(line: string): string[] {
  const found: string[] = [];
  for (const [word] of line.matchAll(/(?:'[^']*'|"[^"]*"|\[[^\]]*\]|[^\s'"[])+/g)) {
    if (word.startsWith("#")) break;
    found.push(word.replace(/'([^']*)'|"([^"]*)"/g, (_, one, two) => one ?? two));
  }
  return found;
}

const command = (page: string, text: string): ShellCommand => ({ page, text, words: words(text) });

/** The commands of a block, with continued lines joined. */
function commandsOf({ page, language, lines }: Block): ShellCommand[] {
  if (!["", "sh", "bash"].includes(language)) return [];
  return lines
    .join("\n")
    .replace(/\\\n\s*/g, "")
    .split("\n")
    .map((line) => line.trim())
    .filter((line) => COMMAND.test(line))
    .map((line) => command(page, line));
}

/** The commands in the blocks of a page, in order. */
export const commandsIn = (page: string): ShellCommand[] => blocks(page).flatMap(commandsOf);

/** The commands in the text of a page. */
export const commandsInText = (page: string): ShellCommand[] =>
  inlineCode(page)
    .filter((code) => INLINE.test(code))
    .map((code) => command(page, code));

/**
 * The arguments that a command passes to `cfcontra`; undefined if it does not run it. Includes optional
 * arguments, `[--option]`, and skips `...`.
 */
export function argumentsOf({ words }: ShellCommand): string[] | undefined {
  if (words.join(" ").startsWith("npm run demo")) return ["demo"];
  const at = words.findIndex((word) => word === "cfcontra" || word === "bin/cfcontra.js");
  if (at < 0) return undefined;
  const redirected = words.indexOf(">", at);
  return words
    .slice(at + 1, redirected < 0 ? words.length : redirected)
    .flatMap((word) => (word.startsWith("[--") ? word.slice(1, -1).split(" ") : [word]))
    .filter((word) => word !== "...");
}
