import { realpathSync, statSync } from "node:fs";
import { basename, dirname, extname, join, relative, resolve, sep } from "node:path";
import { glob, isDynamicPattern } from "tinyglobby";
import { compareNames, filesBelow, imageExtensions } from "../datasets/files/find-files.js";
import { isBelow } from "../datasets/files/is-below.js";
import { UserError } from "../errors.js";
import { missingPath } from "../missing-path.js";
import { isFolder } from "../regular-file.js";

/** An image file, and the names under which its labels are written. */
export interface NamedImage {
  /** Of what is made of the image: `file` without extension, with it if two images differ in it only. */
  readonly name: string;
  /** Path relative to a folder that contains all images, with "/". */
  readonly file: string;
  /** Path as the program opens it. */
  readonly path: string;
}

/**
 * The images that are named, in folders that are named, or match a glob, whose labels are written to
 * `out`. Sub-folders are kept, and no two images get the same name.
 * @throws UserError for a folder or glob without images, if names differ in case only, or if `out` is where the images are
 */
export async function imageFiles(paths: readonly string[], out: string): Promise<NamedImage[]> {
  const found = new Map<string, Found>();
  for (const path of paths) {
    for (const image of await imagesAt(path, out)) found.set(resolve(image.path), image);
  }
  return named([...found.values()]);
}

interface Found {
  readonly path: string;
  /** Relative to the folder that was named, to the fixed part of a glob, or to the image's own folder. */
  readonly file: string;
}

const isImage = (file: string): boolean =>
  (imageExtensions as readonly string[]).includes(extname(file).toLowerCase());

async function imagesAt(path: string, out: string): Promise<Found[]> {
  const stat = statSync(path, { throwIfNoEntry: false });
  if (!stat) return matching(path, out);
  requireApart(out, path, stat.isDirectory());
  if (!stat.isDirectory()) return [{ path, file: basename(path) }];
  const files = (await filesBelow(path)).filter(isImage);
  if (files.length === 0) {
    throw new UserError(
      "no-images",
      `${path}: no images found; expected ${imageExtensions.join(", ")}`,
    );
  }
  return files.map((file) => ({ path: join(path, file), file }));
}

/** The images that match a glob, relative to its part without wildcards. */
async function matching(pattern: string, out: string): Promise<Found[]> {
  if (!isDynamicPattern(pattern)) {
    throw missingPath(pattern, "an image, a folder of images or a glob");
  }
  const parts = pattern.split("/");
  const fixed = parts.findIndex((part) => isDynamicPattern(part));
  const base = parts.slice(0, fixed).join("/") || (pattern.startsWith("/") ? "/" : ".");
  if (!isFolder(base)) throw missingPath(base, "a folder of images");
  const options = { cwd: base, expandDirectories: false };
  const files = (await glob(parts.slice(fixed).join("/"), options)).filter(isImage);
  if (files.length === 0) {
    throw new UserError(
      "no-images",
      `${pattern} matches no image (${imageExtensions.join(", ")}) in ${resolve(base)}: check the ` +
        "pattern; ** stands for folders of any depth",
    );
  }
  const found = files.sort(compareNames).map((file) => ({ path: join(base, file), file }));
  for (const { path } of found) requireApart(out, path, false);
  return found;
}

/** Some file systems do not tell A from a. */
const key = (name: string) => name.toLowerCase();
const stem = (file: string) => file.slice(0, -extname(file).length || undefined);

function named(images: readonly Found[]): NamedImage[] {
  const bases = new Set(images.map(({ path, file }) => path.slice(0, -file.length)));
  const all = relativeToAll(images);
  const files = unique(images.map(({ file }) => file)) ?? all;
  const byFile = new Map<string, string>();
  for (const [i, file] of files.entries()) {
    const { path } = images[i] as Found;
    const other = byFile.get(key(file));
    if (other !== undefined) {
      throw new UserError(
        "already-exists",
        `${other} and ${path} differ in case only, so their labels might replace each other: predict ` +
          "them with different --out",
      );
    }
    byFile.set(key(file), path);
  }
  const counts = countsOf(files.map((file) => key(stem(file))));
  const short = files.map((file) => (counts.get(key(stem(file))) === 1 ? stem(file) : file));
  const names = unique(short) ?? files;
  return images.map(({ path }, i) => ({
    name: names[i] as string,
    file: (bases.size > 1 ? all : files)[i] as string,
    path,
  }));
}

/** The names, if no two are the same. */
const unique = (names: readonly string[]): readonly string[] | undefined =>
  new Set(names.map(key)).size === names.length ? names : undefined;

/** Paths relative to the deepest folder that contains all images. */
function relativeToAll(images: readonly Found[]): string[] {
  const paths = images.map(({ path }) => resolve(path));
  let folder = dirname(paths[0] as string);
  while (!paths.every((path) => isBelow(path, folder))) folder = dirname(folder);
  return paths.map((path) => relative(folder, path).split(sep).join("/"));
}

function countsOf(words: readonly string[]): Map<string, number> {
  const counts = new Map<string, number>();
  for (const word of words) counts.set(word, (counts.get(word) ?? 0) + 1);
  return counts;
}

/** Label maps have the names of images: they must not replace any, nor be taken for images the next time. */
function requireApart(out: string, path: string, folder: boolean): void {
  const [to, from] = [realPath(out), realPath(folder ? path : dirname(path))];
  const inside = folder && isBelow(to, from);
  if (!inside && !isBelow(from, to)) return;
  const place = `is ${to === from ? "the same folder as" : "inside of"} ${path}`;
  throw new UserError(
    "conflicting-options",
    `--out ${out} ${inside ? place : `contains ${path}`}: labels would replace images or be taken for ` +
      "images; choose another folder",
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
