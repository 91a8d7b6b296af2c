import type { Dirent } from "node:fs";
import { readdir, realpath, stat } from "node:fs/promises";
import { extname, join, relative, resolve, sep } from "node:path";
import { UserError } from "../../errors.js";
import { nearestPath } from "../../missing-path.js";
import { nearestWord } from "../../nearest-word.js";
import { readRegular, whyUnreadable } from "./regular-file.js";

/** Extensions of image files, in lower case. */
export const imageExtensions = [".png", ".jpg", ".jpeg", ".webp"] as const;

const naturally = new Intl.Collator("en", { numeric: true });

/** Compares names in natural order: frame2 before frame10. */
export function compareNames(a: string, b: string): number {
  return naturally.compare(a, b) || (a < b ? -1 : a > b ? 1 : 0);
}

/** Whether `path` is a folder, or a link to one. */
export async function isFolder(path: string): Promise<boolean> {
  return stat(path).then(
    (found) => found.isDirectory(),
    () => false,
  );
}

/** @throws UserError unless `path` is a folder; `layout` describes what it should contain */
export async function requireFolder(path: string, layout: string): Promise<void> {
  const found = await stat(path).then(
    (stats) => (stats.isDirectory() ? undefined : "is not a folder"),
    (error: NodeJS.ErrnoException) =>
      error.code === "ENOENT" ? "does not exist" : `cannot be opened (${whyUnreadable(error)})`,
  );
  if (found === undefined) return;
  await refuseArchive(path);
  const near = nearestPath(path);
  const fix = near === undefined || near === path ? "check `root`." : `did you mean ${near}?`;
  throw new UserError("dataset-layout", `${path} ${found}: expected ${layout}; ${fix}`);
}

/** @throws UserError if the folder is still in an archive */
async function refuseArchive(path: string): Promise<void> {
  for (const archive of [path, `${path}.zip`]) {
    if (!archive.toLowerCase().endsWith(".zip")) continue;
    const isFile = await stat(archive).then(
      (stats) => stats.isFile(),
      () => false,
    );
    if (!isFile) continue;
    throw new UserError(
      "unsupported-file",
      `${archive} is a zip archive: unpack it, and set \`root\` to the unpacked folder.`,
    );
  }
}

/** Files of macOS (._x.png, .DS_Store) and of Synology's index, whose folders are named as images are. */
const isLeftover = (name: string): boolean => name.startsWith(".") || name === "@eaDir";

/**
 * Paths of all files below a folder, relative to it, with "/". Links are followed. Each folder is visited
 * once, and folders that contain this one are not: a link to "." adds nothing.
 * @throws UserError if a folder cannot be read
 */
export async function filesBelow(folder: string): Promise<string[]> {
  const base = await realpath(folder);
  const files: string[] = [];
  const links: string[] = [];
  const visited = new Set<string>();
  const visit = async (below: string): Promise<void> => {
    const path = join(folder, below);
    const real = await realpath(path);
    if (visited.has(real)) return;
    visited.add(real);
    for (const entry of await entriesOf(path)) {
      if (isLeftover(entry.name)) continue;
      const name = below === "" ? entry.name : `${below}/${entry.name}`;
      if (entry.isDirectory()) await visit(name);
      else if (entry.isSymbolicLink() && (await isFolder(join(folder, name)))) links.push(name);
      else files.push(name);
    }
  };
  await visit("");
  // Links come last, so that a folder is found under its own name. Following one may add more.
  for (const link of links) {
    const target = await realpath(join(folder, link));
    if (!`${base}${sep}`.startsWith(`${target}${sep}`)) await visit(link);
  }
  return files;
}

/**
 * The entries of a folder, sorted by name: the order must not depend on the file system.
 * @throws UserError if it cannot be read
 */
export async function entriesOf(folder: string): Promise<Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((error: unknown) => {
    throw new UserError(
      "not-readable",
      `the folder ${folder} cannot be read (${whyUnreadable(error)}).`,
      { cause: error },
    );
  });
  return entries.sort((a, b) => compareNames(a.name, b.name));
}

/**
 * Files below `folder` with one of these extensions, by stem: the path relative to `folder`, with
 * "/" and without `suffix` and extension. Files without `suffix` are skipped. Stems are in Unicode's
 * composed form (NFC), since macOS may store the decomposed one.
 * @throws UserError if two files share a stem
 */
export async function filesByStem(
  folder: string,
  extensions: readonly string[],
  suffix = "",
): Promise<Map<string, string>> {
  const files = new Map<string, string>();
  for (const entry of await filesBelow(folder)) {
    const extension = extname(entry);
    if (!extensions.includes(extension.toLowerCase())) continue;
    const full = entry.slice(0, -extension.length).normalize("NFC");
    if (!full.endsWith(suffix)) continue;
    const stem = full.slice(0, full.length - suffix.length);
    const other = files.get(stem);
    if (other !== undefined) {
      throw new UserError(
        "unpaired-files",
        `${folder} has two files named ${stem} (${relative(folder, other)} and ${entry}): ` +
          "remove or rename one of them.",
      );
    }
    files.set(stem, join(folder, entry));
  }
  return files;
}

/**
 * The lines of a list file, without empty lines and comments (#); `list` is absolute or relative
 * to `root`.
 * @throws UserError if it cannot be read or is empty
 */
export async function readList(
  root: string,
  list: string,
): Promise<{ path: string; lines: string[] }> {
  const path = resolve(root, list);
  const text = await readRegular(path).catch(async (error: unknown) => {
    const files = await readdir(root).catch(() => []);
    const near = nearestWord(list, files);
    throw new UserError(
      "not-found",
      `${path}: the list cannot be read (${whyUnreadable(error)}); \`list\` is a text file with one ` +
        `name per line, absolute or relative to ${root}${near ? ` (did you mean ${near}?)` : ""}.`,
      { cause: error },
    );
  });
  const lines = text
    .toString("utf8")
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !line.startsWith("#"));
  if (lines.length === 0) {
    throw new UserError("no-images", `${path}: the list is empty; put one name on each line.`);
  }
  return { path, lines };
}

/** "3 images (a, b, c)" or "5 images (a, b, c and 2 more)". */
export function countAndName(names: readonly string[], noun: string): string {
  const shown = names.slice(0, 3).join(", ");
  const more = names.length > 3 ? ` and ${names.length - 3} more` : "";
  return `${names.length} ${noun}${names.length === 1 ? "" : "s"} (${shown}${more})`;
}

/** The most frequent kind of file below some folders: "3 .bmp files (a.bmp, b.bmp, c.bmp)", "" if none. */
export async function kindsIn(folders: readonly string[]): Promise<string> {
  const files = (await Promise.all(folders.map(filesBelow))).flat();
  const kindOf = (file: string) => extname(file).toLowerCase();
  const ofKind = (kind: string) => files.filter((file) => kindOf(file) === kind);
  const [names] = [...new Set(files.map(kindOf))].map(ofKind).sort((a, b) => b.length - a.length);
  return names?.[0] === undefined ? "" : countAndName(names, `${kindOf(names[0])} file`.trim());
}
