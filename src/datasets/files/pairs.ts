import { readdir } from "node:fs/promises";
import { dirname, extname, join, relative } from "node:path";
import { UserError } from "../../errors.js";
import { nearestWord } from "../../nearest-word.js";
import {
  compareNames,
  countAndName,
  filesByStem,
  imageExtensions,
  isFolder,
  readList,
  requireFolder,
} from "./find-files.js";

/** The files of one sample. */
export interface Pair {
  readonly name: string;
  readonly image: string;
  /** Absent for unlabelled sets. */
  readonly label?: string;
}

/** Where the images of a data set and their labels lie. */
export interface Layout {
  /** Folder of the data set and the option that list files are relative to. */
  readonly root: string;
  /** For messages: what `root` should hold. */
  readonly expected: string;
  /** Each image folder with its label folder; sample names start with `prefix`. */
  readonly folders: readonly {
    readonly images: string;
    readonly labels?: string | undefined;
    readonly prefix?: string;
  }[];
  readonly imageSuffix?: string | undefined;
  readonly labelSuffix?: string | undefined;
  /** Sample name of a stem; the stem itself by default. */
  readonly nameOf?: (stem: string) => string;
}

/** Which samples of a layout are wanted. */
export interface Selection {
  /** undefined: labelled if there is a label folder. */
  readonly labelled?: boolean | undefined;
  readonly list?: string | undefined;
  readonly exclude?: readonly string[] | undefined;
}

/**
 * Finds the images of a layout and the label of each, in natural order or in the list's.
 * @throws UserError for missing or empty folders, images without label and the reverse, and
 *   names in the list that no image has
 */
export async function findPairs(
  layout: Layout,
  selection: Selection,
): Promise<{ pairs: Pair[]; labelled: boolean }> {
  await requireFolder(layout.root, layout.expected);
  const labelled = await hasLabels(layout, selection.labelled);
  const images = new Map<string, string>();
  const labels = new Map<string, string>();
  await checkLevel(layout);
  for (const folder of layout.folders) {
    await requireFolder(folder.images, `a folder of images (${layout.expected})`);
    await gather(images, folder, folder.images, imageExtensions, layout.imageSuffix, layout.nameOf);
    if (labelled && folder.labels) {
      await gather(labels, folder, folder.labels, [".png"], layout.labelSuffix, layout.nameOf);
    }
  }
  const places = layout.folders.map(({ images: folder }) => folder).join(", ");
  if (images.size === 0) {
    const suffix = layout.imageSuffix ? `*${layout.imageSuffix}` : "*";
    throw new UserError(
      "no-images",
      `${places}: no images found; expected ${imageExtensions.map((e) => suffix + e).join(", ")}.`,
    );
  }
  const excluded = new Set(selection.exclude);
  const listed = selection.list
    ? await namesInList(layout, selection.list, [...images.keys()])
    : [...images.keys()].sort(compareNames);
  const names = listed.filter((name) => !excluded.has(name));
  if (names.length === 0) {
    throw new UserError(
      "no-images",
      `${places}: \`exclude\` leaves no image of ${listed.length}; shorten it.`,
    );
  }
  if (labelled) checkPartners(layout, names, images, labels, selection.list !== undefined);
  const pairs = names.map((name) => {
    const image = images.get(name) as string;
    const label = labels.get(name);
    return label === undefined ? { name, image } : { name, image, label };
  });
  return { pairs, labelled };
}

/** Where the images are not below `root` but one folder up or down, says so: a usual slip. */
async function checkLevel({ root, folders, expected }: Layout): Promise<void> {
  const images = folders[0]?.images;
  if (images === undefined || (await isFolder(images))) return;
  const below = relative(root, images);
  const inner = (await readdir(root, { withFileTypes: true }))
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => join(root, name));
  for (const place of [dirname(root), ...inner]) {
    if (!(await isFolder(join(place, below)))) continue;
    throw new UserError(
      "dataset-layout",
      `${images} does not exist, but ${join(place, below)} does: the data set is one level ` +
        `${place === dirname(root) ? "up" : "down"}; set \`root\` to ${place} (expected ${expected}).`,
    );
  }
}

async function hasLabels(layout: Layout, wanted: boolean | undefined): Promise<boolean> {
  if (wanted === false) return false;
  const folders = layout.folders.flatMap(({ labels }) => (labels ? [labels] : []));
  const missing: string[] = [];
  for (const folder of folders) if (!(await isFolder(folder))) missing.push(folder);
  if (missing.length === 0) return folders.length > 0;
  // Some folders there and some not is a mistake; none there is an unlabelled target.
  if (wanted === undefined && missing.length === folders.length) return false;
  throw new UserError(
    "dataset-layout",
    `${missing[0]} does not exist: expected the labels there (${layout.expected}); ` +
      "`labelled: false` reads the images alone.",
  );
}

async function gather(
  into: Map<string, string>,
  { prefix = "" }: { readonly prefix?: string },
  folder: string,
  extensions: readonly string[],
  suffix: string | undefined,
  nameOf: (stem: string) => string = (stem) => stem,
): Promise<void> {
  for (const [stem, path] of await filesByStem(folder, extensions, suffix)) {
    into.set(prefix + nameOf(stem), path);
  }
}

function checkPartners(
  layout: Layout,
  names: readonly string[],
  images: ReadonlyMap<string, string>,
  labels: ReadonlyMap<string, string>,
  listed: boolean,
): void {
  const alone = names.filter((name) => !labels.has(name));
  // What a list leaves out may be incomplete.
  const spare = listed ? [] : [...labels.keys()].filter((name) => !images.has(name));
  if (alone.length === 0 && spare.length === 0) return;
  const faults = [
    alone.length > 0 ? `${countAndName(alone, "image")} without label` : "",
    spare.length > 0 ? `${countAndName(spare.sort(compareNames), "label")} without image` : "",
  ].filter((fault) => fault !== "");
  throw new UserError(
    "unpaired-files",
    `${layout.root}: ${faults.join(" and ")}, of ${images.size} images and ${labels.size} labels ` +
      "(PNG): complete the set, name the samples to use in a `list`, or read it with " +
      "`labelled: false`.",
  );
}

/** List entries may carry folders, suffixes and extensions, as published lists do. */
async function namesInList(
  layout: Layout,
  list: string,
  known: readonly string[],
): Promise<string[]> {
  const { path, lines } = await readList(layout.root, list);
  const { imageSuffix = "", nameOf = (stem: string) => stem } = layout;
  const names = new Set(known);
  return lines.map((line) => {
    const extension = extname(line).toLowerCase();
    const isImage = (imageExtensions as readonly string[]).includes(extension);
    let stem = isImage ? line.slice(0, -extension.length) : line;
    if (imageSuffix !== "" && stem.endsWith(imageSuffix)) stem = stem.slice(0, -imageSuffix.length);
    const name = [stem, nameOf(stem)].find((candidate) => names.has(candidate));
    if (name !== undefined) return name;
    const near = nearestWord(stem, known);
    throw new UserError(
      "dataset-layout",
      `${path}: no image is called ${line}; names look like ${near ?? known[0]}, one a line.`,
    );
  });
}
