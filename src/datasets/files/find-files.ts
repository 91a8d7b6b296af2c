import { readdir, readFile, stat } from "node:fs/promises";
import { extname, isAbsolute, join, resolve } from "node:path";
import { UserError } from "../../errors.js";
import { nearestWord } from "../../nearest-word.js";

/** Extensions of image files, lower case. */
export const imageExtensions = [".png", ".jpg", ".jpeg", ".webp"] as const;

const naturally = new Intl.Collator("en", { numeric: true });

/** Compares names so that frame2 comes before frame10. */
export function compareNames(a: string, b: string): number {
  return naturally.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** True where `path` is a folder. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** @throws UserError where `path` is no folder; `layout` says what was expected in it */
export async function requireFolder(path: string, layout: string): Promise<void> {
  if (await isFolder(path)) return;
  const found = await stat(path).then(
    () => "is a file, not a folder",
    () => "does not exist",
  );
  throw new UserError("dataset-layout", `${path} ${found}: expected ${layout}; check \`root\`.`);
}

/**
 * Files below `folder` with one of these extensions, by stem: the path relative to `folder`, with
 * "/" and without `suffix` and extension. Files without `suffix` are left out.
 * @throws UserError where two files share a stem
 */
export async function filesByStem(
  folder: string,
  extensions: readonly string[],
  suffix = "",
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await readdir(folder, { recursive: true })) {
    const extension = extname(entry);
    // "._x.png" and ".DS_Store" are left behind by archives made on a Mac.
    if (!extensions.includes(extension.toLowerCase()) || /(^|[\\/])\./.test(entry)) continue;
    const full = entry.slice(0, -extension.length).replaceAll("\\", "/");
    if (!full.endsWith(suffix)) continue;
    const stem = full.slice(0, full.length - suffix.length);
    const other = files.get(stem);
    if (other !== undefined) {
      throw new UserError(
        "unpaired-files",
        `${folder} holds two files of the name ${stem} (${other.slice(folder.length + 1)} and ` +
          `${entry}): remove one of them.`,
      );
    }
    files.set(stem, join(folder, entry));
  }
  return files;
}

/**
 * The lines of a list file, without empty lines and comments (#); `list` is absolute or relative
 * to `root`.
 * @throws UserError where it is missing or empty
 */
export async function readList(
  root: string,
  list: string,
): Promise<{ path: string; lines: string[] }> {
  const path = isAbsolute(list) ? list : resolve(root, list);
  const text = await readFile(path, "utf8").catch(async () => {
    const files = await readdir(root).catch(() => []);
    const near = nearestWord(list, files);
    throw new UserError(
      "not-found",
      `${path}: the list does not exist or cannot be read; \`list\` is a text file with one name a ` +
        `line, absolute or relative to ${root}${near ? ` (did you mean ${near}?)` : ""}.`,
    );
  });
  const lines = text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0)
    throw new UserError("no-images", `${path}: the list is empty; put one name on each line.`);
  return { path, lines };
}

/** "3 images (a, b, c)" or "5 images (a, b, c and 2 more)". */
export function countAndName(names: readonly string[], noun: string): string {
  const shown = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `${names.length} ${noun}${names.length === 1 ? "" : "s"} (${shown}${more})`;
}
