import { extname, relative, resolve, sep } from "node:path";
import { UserError } from "../../errors.js";
import { nearestWord } from "../../nearest-word.js";
import { isFile } from "../../regular-file.js";
import { imageExtensions, readList } from "./find-files.js";
import { isBelow } from "./is-below.js";
import type { Layout, Paths } from "./layout.js";

/** aachen/aachen_000000_000019 -> aachen_000000_000019 */
export const lastPart = (name: string): string => name.slice(name.lastIndexOf("/") + 1);

/** Folders of a path that are called like splits. */
const splitsIn = (path: string): string[] =>
  path.split(sep).filter((part) => /^(train|val|test|dev|eval)/i.test(part));

/** The extension of an image within a line, as in "a.png a-label.png". */
const COLUMNS = /\.(png|jpe?g|webp)[\s,;]/i;

/** Returns the name of the sample of an entry. @throws UserError naming `where` if there is not exactly one */
export type EntryFinder = (entry: string, where: string) => string;

/**
 * Finds samples by the entries of published lists: names or paths, absolute or relative to the root, with or
 * without suffix and extension, and with more or fewer folders than the name has.
 */
export function entryFinder(
  { root, imageSuffix = "", folders }: Layout,
  images: Paths,
): EntryFinder {
  const names = [...images.keys()];
  const byPath = new Map([...images].map(([name, path]) => [path.normalize("NFC"), name]));
  const byLastPart = new Map<string, string[]>();
  for (const name of names) {
    const alike = byLastPart.get(lastPart(name));
    if (alike) alike.push(name);
    else byLastPart.set(lastPart(name), [name]);
  }

  const places = folders.map(({ images: folder }) => folder).join(", ");
  const stemOf = (entry: string) => {
    const isImage = (imageExtensions as readonly string[]).includes(extname(entry).toLowerCase());
    const stem = isImage ? entry.slice(0, -extname(entry).length) : entry;
    return stem.endsWith(imageSuffix) ? stem.slice(0, stem.length - imageSuffix.length) : stem;
  };
  /** @throws UserError for the path of an existing file of another split, which has the name of this image */
  const requireSameSplit = (entry: string, name: string, where: string) => {
    const path = resolve(root, entry);
    if (!entry.includes("/") || !isBelow(path, root) || !isFile(path)) return;
    const own = splitsIn(relative(root, images.get(name) as string));
    if (splitsIn(relative(root, path)).every((split) => own.includes(split))) return;
    throw new UserError(
      "dataset-layout",
      `${where}: ${entry} is of another split; this data set reads ${places}.`,
    );
  };
  const found = (entry: string): string[] => {
    const stem = stemOf(entry);
    const exact = images.has(stem) ? stem : byPath.get(resolve(root, entry).normalize("NFC"));
    if (exact !== undefined) return [exact];
    const alike = COLUMNS.test(entry) ? [] : (byLastPart.get(lastPart(stem)) ?? []);
    return alike.filter(
      (name) => `/${stem}`.endsWith(`/${name}`) || `/${name}`.endsWith(`/${stem}`),
    );
  };

  return (entry, where) => {
    const written = entry.normalize("NFC").replaceAll("\\", "/");
    const matches = found(written);
    const [name] = matches;
    if (name !== undefined && matches.length === 1) {
      requireSameSplit(written, name, where);
      return name;
    }
    const refuse = (why: string) => new UserError("dataset-layout", `${where}: ${entry} ${why}.`);
    if (matches.length > 1) {
      throw refuse(
        `is the name of ${matches.length} images (${matches.slice(0, 3).join(", ")}): add the folder`,
      );
    }
    if (COLUMNS.test(written))
      throw refuse("has several columns: write only the name of the image");
    const [elsewhere] = byLastPart.get(lastPart(stemOf(written))) ?? [];
    const near = elsewhere ?? nearestWord(stemOf(written), names) ?? names[0];
    throw refuse(
      `is not an image of the data set; names are relative to ${places}, such as ${near}`,
    );
  };
}

/** The samples of a list file in its order, without repetitions. */
export async function namesInList(
  root: string,
  list: string,
  find: EntryFinder,
): Promise<string[]> {
  const { path, lines } = await readList(root, list);
  return [...new Set(lines.map((line) => find(line, path)))];
}
