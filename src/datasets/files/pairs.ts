import { dirname, join, relative } from "node:path";
import { UserError } from "../../errors.js";
import {
  compareNames,
  entriesOf,
  filesByStem,
  imageExtensions,
  isFolder,
  kindsIn,
  requireFolder,
} from "./find-files.js";
import type { Annotation, Layout, Paths, Selection } from "./layout.js";
import { entryFinder, lastPart, namesInList } from "./sample-names.js";
import { requirePartners } from "./unpaired.js";

/** The files of one sample. */
export interface Pair {
  readonly name: string;
  readonly image: string;
  /** Absent for unlabelled sets. */
  readonly label?: string;
  /** How the label is drawn, if it is not a PNG. */
  readonly annotation?: Annotation | undefined;
}

/**
 * Finds the images of a layout and their labels, in natural order or in that of the list.
 * @returns the pairs, and the number of `all` images before those without a label were left out
 * @throws UserError for missing or empty folders, images without label and the reverse, and
 *   entries of `list` or `exclude` that are not images
 */
export async function findPairs(
  layout: Layout,
  selection: Selection,
): Promise<{ pairs: Pair[]; labelled: boolean; all: number }> {
  await requireFolder(layout.root, layout.expected);
  const some = selection.labelled === "some";
  const labelled = await hasLabels(layout, some || selection.labelled);
  await checkLevel(layout);
  const { images, labels: files } = await findFiles(layout, labelled);
  const all = await chosen(layout, selection, images);
  const listed = selection.list !== undefined;
  const annotations = labelled ? layout.annotations?.(images, listed) : undefined;
  const labels = annotations ? pathsOf(annotations) : files;
  if (labelled) await requirePartners(layout, all, images, labels, { listed, some });
  const hasLabel = (name: string) => labels.has(name) && !annotations?.get(name)?.empty;
  const names = some ? all.filter(hasLabel) : all;
  if (names.length === 0) throw noLabels(layout, all.length);
  const pairs = names.map((name) => {
    const image = images.get(name) as string;
    const label = labels.get(name);
    if (label === undefined) return { name, image };
    return { name, image, label, annotation: annotations?.get(name) };
  });
  return { pairs, labelled, all: all.length };
}

const pathsOf = (annotations: ReadonlyMap<string, Annotation>): Paths =>
  new Map([...annotations].map(([name, { path }]) => [name, path]));

const placesOf = ({ folders }: Layout) => folders.map(({ images }) => images).join(", ");

/** The names that `list` and `exclude` select, in the order of the list. */
async function chosen(
  layout: Layout,
  { list, exclude = [] }: Selection,
  images: Paths,
): Promise<string[]> {
  const find = entryFinder(layout, images);
  const listed =
    list === undefined
      ? [...images.keys()].sort(compareNames)
      : await namesInList(layout.root, list, find);
  const excluded = new Set(exclude.map((entry) => find(entry, "`exclude`")));
  const names = listed.filter((name) => !excluded.has(name));
  if (names.length > 0) return names;
  throw new UserError(
    "no-images",
    `${placesOf(layout)}: \`exclude\` excludes all ${listed.length} images: shorten it.`,
  );
}

/** @throws UserError if the images are one folder above or below `root`, a usual mistake */
async function checkLevel({ root, folders, expected }: Layout): Promise<void> {
  const images = folders[0]?.images;
  if (images === undefined || (await isFolder(images))) return;
  const below = relative(root, images);
  const inner = (await entriesOf(root))
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
  if (layout.annotations) return true;
  const folders = layout.folders.flatMap(({ labels }) => (labels ? [labels] : []));
  const missing: string[] = [];
  for (const folder of folders) if (!(await isFolder(folder))) missing.push(folder);
  if (missing.length === 0) return folders.length > 0;
  // Without any label folder it is an unlabelled target; if only some are missing, it is a mistake.
  if (wanted === undefined && missing.length === folders.length) return false;
  throw new UserError(
    "dataset-layout",
    `${missing[0]} does not exist: expected the labels in it (${layout.expected}); ` +
      "`labelled: false` reads only the images.",
  );
}

async function findFiles(layout: Layout, labelled: boolean) {
  const [images, labels] = [new Map<string, string>(), new Map<string, string>()];
  for (const { images: folder, labels: labelFolder, prefix = "" } of layout.folders) {
    await requireFolder(folder, `a folder of images (${layout.expected})`);
    const shared = folder === labelFolder ? layout.labelSuffix : undefined;
    await gather(images, prefix, folder, imageExtensions, layout.imageSuffix, layout.keyOf, shared);
    if (labelled && labelFolder) {
      await gather(labels, prefix, labelFolder, [".png"], layout.labelSuffix, layout.keyOf);
    }
  }
  if (images.size === 0) throw await noImages(layout);
  return byName(layout, images, labels);
}

async function gather(
  into: Map<string, string>,
  prefix: string,
  folder: string,
  extensions: readonly string[],
  suffix: string | undefined,
  keyOf: (stem: string) => string = (stem) => stem,
  without?: string,
): Promise<void> {
  for (const [stem, path] of await filesByStem(folder, extensions, suffix)) {
    if (without && stem.endsWith(without)) continue; // a label in the folder of the images
    const key = prefix + keyOf(stem);
    const other = into.get(key);
    if (other !== undefined) {
      throw new UserError(
        "unpaired-files",
        `${other} and ${path} have the same name, ${key}: remove or rename one of them.`,
      );
    }
    into.set(key, path);
  }
}

/** Paths of images and labels by sample name, given those by key. */
function byName({ namedByFile, folders }: Layout, images: Paths, labels: Paths) {
  const short = (key: string) => {
    const prefix = folders.find(({ prefix = "" }) => key.startsWith(prefix))?.prefix ?? "";
    return prefix + lastPart(key);
  };
  const shortened = (paths: Paths) => new Map([...paths].map(([key, path]) => [short(key), path]));
  const [shortImages, shortLabels] = [shortened(images), shortened(labels)];
  const unique = shortImages.size === images.size && shortLabels.size === labels.size;
  return namedByFile && unique ? { images: shortImages, labels: shortLabels } : { images, labels };
}

function noLabels({ root, expected }: Layout, images: number): UserError {
  return new UserError(
    "unpaired-files",
    `${root}: none of ${images} images has a label, but \`labelled: some\` uses those that have one: check the ` +
      `folders and names (expected ${expected}).`,
  );
}

async function noImages(layout: Layout): Promise<UserError> {
  const suffix = layout.imageSuffix ? `*${layout.imageSuffix}` : "*";
  const kinds = await kindsIn(layout.folders.map(({ images }) => images));
  return new UserError(
    "no-images",
    `${placesOf(layout)}: no images found; expected ` +
      `${imageExtensions.map((extension) => suffix + extension).join(", ")}` +
      `${kinds ? `, found ${kinds}` : ""}${layout.annotations ? `; export with images (${layout.expected})` : ""}.`,
  );
}
