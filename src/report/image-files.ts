import { realpathSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { filesBelow, imageExtensions } from "../datasets/files/find-files.js";
import { UserError } from "../errors.js";

/** An image file, and the name of what is made of it. */
export interface NamedImage {
  readonly name: string;
  readonly path: string;
}

/**
 * Every image that is named, or is in a folder that is named, to be written to `out`. Its name is that of
 * the file without extension, folders joined by "_"; if two are the same, they keep folder and extension.
 * @throws UserError if there are none, if two still have one name, or if `out` is where the images are
 */
export async function imageFiles(paths: readonly string[], out: string): Promise<NamedImage[]> {
  const found = new Map<string, Found>();
  for (const path of paths) {
    const folder = isFolder(path);
    requireApart(out, path, folder);
    const files = folder ? (await filesBelow(path)).filter(isImage) : [basename(path)];
    for (const file of files) {
      const image = folder ? join(path, file) : path;
      const from = basename(resolve(folder ? path : dirname(path)));
      found.set(resolve(image), { path: image, file, from });
    }
  }
  if (found.size === 0) {
    throw new UserError(
      "no-images",
      `${paths.join(", ")}: no images found; expected ${imageExtensions.join(", ")}`,
    );
  }
  return named([...found.values()]);
}

interface Found {
  readonly path: string;
  /** Relative to the folder that was named. */
  readonly file: string;
  /** Name of that folder. */
  readonly from: string;
}

const isImage = (file: string): boolean =>
  (imageExtensions as readonly string[]).includes(extname(file).toLowerCase());

/** What an image may be called, the usual name first. */
const NAMES: readonly ((image: Found) => string)[] = [
  ({ file }) => file.slice(0, -extname(file).length || undefined).replaceAll("/", "_"),
  ({ file }) => file,
  ({ file, from }) => `${from}/${file}`,
];

function named(images: readonly Found[]): NamedImage[] {
  const key = (name: string) => name.toLowerCase(); // some file systems do not tell A from a
  const counts = NAMES.map((nameOf) => countsOf(images.map((image) => key(nameOf(image)))));
  const names = images.map((image) => {
    const nameOf = NAMES.find((name, i) => counts[i]?.get(key(name(image))) === 1);
    return { name: (nameOf ?? (NAMES[0] as (image: Found) => string))(image), path: image.path };
  });
  const byName = new Map<string, string>();
  for (const { name, path } of names) {
    const other = byName.get(key(name));
    if (other !== undefined) {
      throw new UserError(
        "already-exists",
        `${other} and ${path} would both become ${name}.png: predict them with different --out`,
      );
    }
    byName.set(key(name), path);
  }
  return names;
}

function countsOf(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

function isFolder(path: string): boolean {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat) return stat.isDirectory();
  throw new UserError(
    "not-found",
    `${path} does not exist: expected an image or a folder of images`,
  );
}

/** Label maps have the names of images: they must not replace any, nor be taken for images the next time. */
function requireApart(out: string, path: string, folder: boolean): void {
  const [to, from] = [realPath(out), realPath(folder ? path : dirname(path))];
  const inside = (a: string, b: string) => !relative(b, a).split(sep).includes("..");
  if (folder ? !inside(to, from) && !inside(from, to) : to !== from) return;
  throw new UserError(
    "conflicting-options",
    `--out ${out} ${folder ? `and ${path} are in each other` : `is the folder of ${path}`}: labels would ` +
      "replace images or be taken for images; choose another folder",
  );
}

/** The path without links, of a file or folder that may not exist yet. */
function realPath(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    const parent = dirname(resolve(path));
    return join(parent === resolve(path) ? parent : realPath(parent), basename(path));
  }
}
