import { extname } from "node:path";
import { compareNames, filesBelow, imageExtensions } from "../files/find-files.js";

/** A folder of images, and that of their labels, if there is one; relative to the root. */
export interface FoundPair {
  readonly images: string;
  readonly labels?: string;
  readonly imageSuffix?: string;
  readonly labelSuffix?: string;
  /** Number of images. */
  readonly count: number;
}

type LabelledPair = FoundPair & { readonly labels: string };

/** Names that folders and files of labels usually have. */
export const LABEL =
  /label|mask|annot|semantic|segment|(^|[^a-z])(seg|sem|gt|ids?)([^a-z]|$)|truth|class/i;

/** Names of folders with other pictures of the same scenes: neither camera images nor labels of classes. */
const OTHER = /depth|disparity|normal|flow|albedo|instance/i;

/** Stems of the files of a folder, relative to it. */
type Stems = ReadonlySet<string>;

/**
 * Finds the folder of images and the folder of labels of the same names, apart from suffixes, in any folder. Of pairs
 * with as many images, those of depth and the like come last, and those that are nearest to each other first.
 * @returns undefined if there are no images
 */
export async function findPair(root: string): Promise<FoundPair | undefined> {
  const files = (await filesBelow(root)).filter(isImage);
  const pngs = files.filter((file) => extname(file).toLowerCase() === ".png");
  const folders = [...new Set(files.flatMap(foldersOf))].sort(compareNames);
  const images = new Map(folders.map((folder) => [folder, stemsIn(folder, files)]));
  const labels = new Map(folders.map((folder) => [folder, stemsIn(folder, pngs)]));
  let best: LabelledPair | undefined;
  for (const [labelFolder, labelStems] of labels) {
    if (!LABEL.test(labelFolder)) continue;
    for (const [folder, stems] of images) {
      if (LABEL.test(folder) || isBelow(folder, labelFolder) || isBelow(labelFolder, folder))
        continue;
      const pair = paired(folder, stems, labelFolder, labelStems);
      if (pair && (best === undefined || isBetter(pair, best))) best = pair;
    }
  }
  return best ?? inOneFolder(files) ?? imagesAlone(files, images);
}

function isBetter(pair: LabelledPair, other: LabelledPair): boolean {
  const rank = ({ count, images, labels }: LabelledPair) => [
    count,
    -Number(OTHER.test(images)) - Number(OTHER.test(labels)),
    sharedFolders(images, labels),
  ];
  const others = rank(other);
  const decisive = rank(pair).findIndex((value, i) => value !== others[i]);
  return decisive >= 0 && (rank(pair)[decisive] as number) > (others[decisive] as number);
}

/** The number of folders in which both are. */
function sharedFolders(path: string, other: string): number {
  const [a, b] = [path.split("/"), other.split("/")];
  const differing = a.findIndex((name, i) => name !== b[i]);
  return differing < 0 ? a.length : differing;
}

const isImage = (file: string): boolean =>
  (imageExtensions as readonly string[]).includes(extname(file).toLowerCase());

/** a/b/c.png is in a and in a/b. Deeper folders are parts of the names. */
function foldersOf(file: string): string[] {
  const parts = file.split("/").slice(0, -1);
  return parts.slice(0, 3).map((_, depth) => parts.slice(0, depth + 1).join("/"));
}

const isBelow = (folder: string, other: string): boolean => `${folder}/`.startsWith(`${other}/`);

function stemsIn(folder: string, files: readonly string[]): Stems {
  const inside = files.filter((file) => file.startsWith(`${folder}/`));
  return new Set(inside.map((file) => stemOf(file.slice(folder.length + 1))));
}

const stemOf = (file: string): string => file.slice(0, -extname(file).length);

function paired(images: string, stems: Stems, labels: string, labelStems: Stems) {
  const same = [...labelStems].filter((stem) => stems.has(stem)).length;
  if (same > 0 && same >= labelStems.size / 2) return { images, labels, count: same };
  const suffixes = suffixesOf([...stems], [...labelStems]);
  return suffixes && { images, labels, ...suffixes };
}

/** The suffixes with which at least half of the labels have an image. */
function suffixesOf(images: readonly string[], labels: readonly string[]) {
  const [label] = labels;
  if (label === undefined) return undefined;
  const shared = (image: string) => {
    let length = 0;
    while (length < label.length && label[length] === image[length]) length++;
    return length;
  };
  const [nearest] = [...images].sort((a, b) => shared(b) - shared(a) || a.length - b.length);
  if (nearest === undefined) return undefined;
  let length = shared(nearest);
  while (/[_.-]/.test(label[length - 1] ?? "")) length--; // 0001_rgb and 0001_ids share the "_"
  const [imageSuffix, labelSuffix] = [nearest.slice(length), label.slice(length)];
  if (length === 0 || /[0-9/]/.test(imageSuffix + labelSuffix)) return undefined;
  const keys = new Set(
    images.filter((stem) => stem.endsWith(imageSuffix)).map((stem) => cut(stem, imageSuffix)),
  );
  const count = labels.filter(
    (stem) => stem.endsWith(labelSuffix) && keys.has(cut(stem, labelSuffix)),
  ).length;
  if (count < labels.length / 2) return undefined;
  return {
    ...(imageSuffix !== "" && { imageSuffix }),
    ...(labelSuffix !== "" && { labelSuffix }),
    count,
  };
}

const cut = (stem: string, suffix: string): string => stem.slice(0, stem.length - suffix.length);

/** Images and labels in one folder: a.jpg and a_mask.png. */
function inOneFolder(files: readonly string[]): FoundPair | undefined {
  const stems = files.map(stemOf);
  const labels = files.filter((file) => /[_.-][a-z]+\.png$/i.test(file)).map(stemOf);
  const suffix = /[_.-][a-z]+$/i.exec(labels.find((stem) => LABEL.test(stem)) ?? "")?.[0];
  if (suffix === undefined || !LABEL.test(suffix)) return undefined;
  const all = new Set(stems);
  const count = labels.filter((stem) => stem.endsWith(suffix) && all.has(cut(stem, suffix))).length;
  return count > 0 ? { images: ".", labels: ".", labelSuffix: suffix, count } : undefined;
}

/** The only folder at the top that is not one of labels; undefined if images also lie beside it. */
function imagesAlone(
  files: readonly string[],
  folders: ReadonlyMap<string, Stems>,
): FoundPair | undefined {
  if (files.some((file) => !file.includes("/"))) return undefined;
  const named = [...folders].filter(([folder]) => !LABEL.test(folder));
  const [first, ...others] = named.filter(([folder]) => !folder.includes("/"));
  if (first && others.length === 0) return { images: first[0], count: first[1].size };
  return undefined;
}
