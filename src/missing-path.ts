import { existsSync, readdirSync } from "node:fs";
import { basename, dirname, extname, join } from "node:path";
import { UserError } from "./errors.js";
import { nearestWord } from "./nearest-word.js";

/** The error for a path that does not exist or is not a file, with the existing path that is nearest to it. */
export function missingPath(path: string, expected: string): UserError {
  const near = nearestPath(path);
  const [fault, mean] =
    near === path
      ? ["is not a file", ""]
      : ["does not exist", near === undefined ? "" : `; did you mean ${near}?`];
  return new UserError("not-found", `${path} ${fault}: expected ${expected}${mean}`);
}

/**
 * An existing path whose names are those of `path` except for typing errors; undefined if there is none. A
 * file with an extension is compared with files of the same extension.
 */
export function nearestPath(path: string): string | undefined {
  if (existsSync(path)) return path;
  const folder = dirname(path);
  if (folder === path) return undefined;
  const parent = nearestPath(folder);
  if (parent === undefined) return undefined;
  const name = basename(path);
  if (parent !== folder && existsSync(join(parent, name))) return join(parent, name);
  const extension = extname(name).toLowerCase();
  const stems = new Map(
    namesIn(parent)
      .filter((other) => extension === "" || extname(other).toLowerCase() === extension)
      .map((other) => [basename(other, extension === "" ? "" : extname(other)), other]),
  );
  const stem = basename(name, extname(name));
  const near = stems.get(nearestWord(stem, [...stems.keys()]) ?? "");
  return near === undefined ? undefined : join(parent, near);
}

function namesIn(folder: string): string[] {
  try {
    return readdirSync(folder).filter((name) => !name.startsWith("."));
  } catch {
    return []; // a file, or not permitted
  }
}
