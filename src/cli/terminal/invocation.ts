import { basename, relative } from "node:path";
import { quoted } from "../../quoted.js";

/** A command line of this program, as the user called it. */
export function commandOf(...words: readonly string[]): string {
  return [invocation(process.argv[1] ?? "", process.env), ...words.map(quoted)].join(" ");
}

/** What to type before the name of a command; npm sets `npm_command` if it started the program. */
export function invocation(
  script: string,
  { npm_command }: Readonly<Record<string, string | undefined>>,
): string {
  if (npm_command !== undefined) return "npx cfcontra";
  if (basename(script) === "cfcontra") return "cfcontra";
  if (basename(script) === "cfcontra.js") return `node ${quoted(shorter(script))}`;
  return "npx cfcontra";
}

const shorter = (path: string): string => {
  const fromHere = relative(process.cwd(), path);
  return fromHere.length < path.length ? fromHere : path;
};
