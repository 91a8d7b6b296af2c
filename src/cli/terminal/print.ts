import { existsSync, statSync } from "node:fs";
import { dirname } from "node:path";
import { Option } from "commander";
import { UserError } from "../../errors.js";
import { writeAtomically } from "../../write-atomically.js";

/** What `--json` was given: a file, or nothing (true). */
export type Json = string | true;

/** The option of every command that finds something out. */
export const jsonOption = (): Option =>
  new Option(
    "--json [file]",
    "print JSON instead of text; with a file, write it there beside the text",
  ).argParser(jsonFile);

/** @throws UserError before the command has begun, where `--json` would write over something else */
function jsonFile(path: string): string {
  const there = existsSync(path) ? statSync(path) : undefined;
  if (there && (there.isDirectory() || (there.isFile() && !path.endsWith(".json")))) {
    throw new UserError(
      "already-exists",
      `--json ${path} would write over what is there: name a new file or one that ends in .json; ` +
        "to print JSON, put --json last",
    );
  }
  if (!existsSync(dirname(path))) {
    throw new UserError(
      "not-found",
      `--json ${path}: there is no folder ${dirname(path)}; make it first`,
    );
  }
  return path;
}

/**
 * Prints what a command has found out, on stdout: a text for people, if there is any, or, as `--json`
 * asks, one JSON value for programs. Everything else that a command says goes to stderr.
 */
export function print(text: string, value: () => unknown, json: Json | undefined): void {
  const encoded = () => `${JSON.stringify(value(), null, 2)}\n`;
  if (json === true) process.stdout.write(encoded());
  else if (text !== "") process.stdout.write(`${text}\n`);
  if (typeof json === "string") writeAtomically(json, encoded());
}
