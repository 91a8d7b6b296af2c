import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Option } from "commander";
import { UserError } from "../../errors.js";
import { writeAtomically } from "../../write-atomically.js";

/** The value of `--json`: a file, or true without one. */
export type Json = string | true;

/** `--json`, of every command that has results. */
export const jsonOption = (): Option =>
  new Option(
    "--json [file]",
    "print JSON instead of text; with a file, also write it there",
  ).argParser(jsonFile);

/** @throws UserError before the command begins if `--json` would overwrite something else */
function jsonFile(path: string): string {
  const there = existsSync(path) ? statSync(path) : undefined;
  if (there && (there.isDirectory() || (there.isFile() && !path.endsWith(".json")))) {
    throw new UserError(
      "already-exists",
      `--json ${path} would overwrite an existing file: choose a new file or one that ends in .json; ` +
        "to print JSON, put --json last",
    );
  }
  if (!existsSync(dirname(path))) {
    throw new UserError(
      "not-found",
      `--json ${path}: the folder ${dirname(path)} does not exist; create it first`,
    );
  }
  return path;
}

/** Text with colours, but without other control characters: names of files may contain any. */
const withoutControls = (text: string): string =>
  text.replace(/\p{Cc}(?!\[\d+m)/gu, (found) => (/[\n\t]/.test(found) ? found : "?"));

/**
 * Prints a command's results on stdout: text for people, if there is any, or one JSON value for programs
 * if `--json` is given. Everything else that a command prints goes to stderr.
 */
export function print(text: string, value: () => unknown, json: Json | undefined): void {
  const encoded = () => `${JSON.stringify(value(), null, 2)}\n`;
  if (json === true) process.stdout.write(encoded());
  else if (text !== "") process.stdout.write(`${withoutControls(text)}\n`);
  if (typeof json === "string") writeAtomically(json, encoded());
}
