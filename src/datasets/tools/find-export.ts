import { extname, join, resolve } from "node:path";
import { UserError } from "../../errors.js";
import { isFile } from "../../regular-file.js";
import { countAndName, entriesOf, isFolder, requireFolder } from "../files/find-files.js";

/** How to find the annotation file of an export. */
interface Wanted {
  /** Its path in the configuration, absolute or relative to the root. */
  readonly given: string | undefined;
  /** The key of that path. */
  readonly key: string;
  /** Folders that may contain it, relative to the root. */
  readonly folders: readonly string[];
  readonly extensions: readonly string[];
  /** If there are several, prefer names that match. */
  readonly prefer?: RegExp;
  /** For messages: what the root should contain. */
  readonly expected: string;
}

/**
 * The annotation file of an export.
 * @throws UserError if there is none, or several and none is configured
 */
export async function findExport(root: string, wanted: Wanted): Promise<string> {
  const { given, key, folders, extensions, prefer, expected } = wanted;
  await requireFolder(root, expected);
  if (given !== undefined) {
    const path = resolve(root, given);
    if (isFile(path)) return path;
    throw new UserError(
      "dataset-layout",
      `${path} does not exist: expected ${expected}; check \`${key}\`.`,
    );
  }
  const found: string[] = [];
  for (const folder of folders) {
    if (!(await isFolder(join(root, folder)))) continue;
    for (const { name } of await entriesOf(join(root, folder))) {
      if (name.startsWith(".") || !extensions.includes(extname(name).toLowerCase())) continue;
      if (isFile(join(root, folder, name))) found.push(join(folder, name));
    }
  }
  const preferred = prefer ? found.filter((path) => prefer.test(path)) : [];
  const [path, ...others] = preferred.length > 0 ? preferred : found;
  if (path !== undefined && others.length === 0) return join(root, path);
  if (path === undefined) {
    await requireUnpacked(root);
    throw new UserError(
      "dataset-layout",
      `${root} does not contain ${expected}: check \`root\`, or set \`${key}\`.`,
    );
  }
  throw new UserError(
    "dataset-layout",
    `${root} has ${countAndName([path, ...others], "annotation file")}: choose one with \`${key}\`.`,
  );
}

/** @throws UserError if a folder contains an archive that may be the export */
export async function requireUnpacked(root: string): Promise<void> {
  const archive = (await entriesOf(root)).find(({ name }) => name.toLowerCase().endsWith(".zip"));
  if (!archive) return;
  throw new UserError(
    "unsupported-file",
    `${join(root, archive.name)} is a zip archive: unpack it, and set \`root\` to the unpacked folder.`,
  );
}

/** The folder of the images: the configured one, else the first that contains `image`, else the first. */
export async function findImages(
  root: string,
  given: string | undefined,
  folders: readonly string[],
  image: string | undefined,
): Promise<string> {
  if (given !== undefined) return resolve(root, given);
  const there: string[] = [];
  for (const folder of folders) {
    const path = resolve(root, folder);
    if (!(await isFolder(path))) continue;
    if (image !== undefined && isFile(join(path, image))) return path;
    there.push(path);
  }
  return there[0] ?? root;
}
