import { readdirSync, readFileSync } from "node:fs";
import { dirname, extname, join } from "node:path";
import { UserError } from "../../errors.js";
import { isFile, isFolder } from "../../regular-file.js";
import { compareNames, filesBelow, kindsIn, requireFolder } from "../files/find-files.js";
import { decodeLabel } from "../files/labels.js";
import { requireUnpacked } from "../tools/find-export.js";
import { isTable, readJson, readText } from "../tools/read-json.js";
import { type FoundPair, findPair, LABEL } from "./find-pair.js";

/** A data set that was recognised. */
export interface Recognised {
  readonly kind: "published" | "tool" | "folder";
  /** Its options, without classes and mapping. */
  readonly spec: Readonly<Record<string, unknown>> & {
    readonly type: string;
    readonly root: string;
  };
}

/** Which of the splits of a published set is wanted. */
export type Purpose = "train" | "evaluate";

/** The options of a layout that is found in a folder; undefined if it is not. */
type Mark = (root: string, purpose: Purpose) => object | undefined;

const has = (root: string, ...paths: readonly string[]): boolean =>
  paths.every((path) => isFolder(join(root, path)));

/** The first split whose folder exists: for an evaluation, one that is not trained on. */
function splitIn(root: string, purpose: Purpose, names: readonly string[], below = "") {
  const order = purpose === "evaluate" ? names : [...names].reverse();
  const split = order.find((name) => has(root, join(below, name))) ?? order[0];
  return { split };
}

/** Published layouts, the more particular ones first. */
const PUBLISHED: Readonly<Record<string, Mark>> = {
  "foggy-cityscapes": (root, purpose) =>
    has(root, "leftImg8bit_foggy")
      ? splitIn(root, purpose, ["val", "train"], "leftImg8bit_foggy")
      : undefined,
  cityscapes: (root, purpose) =>
    has(root, "leftImg8bit") ? splitIn(root, purpose, ["val", "train"], "leftImg8bit") : undefined,
  "dark-zurich": (root, purpose) =>
    has(root, "rgb_anon/val/night") || has(root, "rgb_anon/train/night")
      ? splitIn(root, purpose, ["val", "train"], "rgb_anon")
      : undefined,
  acdc: (root, purpose) =>
    ["fog", "night", "rain", "snow"].some((name) => has(root, `rgb_anon/${name}`))
      ? { split: purpose === "evaluate" ? "val" : "train" }
      : undefined,
  bdd100k: (root, purpose) =>
    has(root, "images/10k") ? splitIn(root, purpose, ["val", "train"], "images/10k") : undefined,
  mapillary: (root, purpose) =>
    ["training", "validation"].some((split) => isMapillary(root, split))
      ? splitIn(root, purpose, ["validation", "training"])
      : undefined,
  kitti: (root) => (has(root, "training/image_2") ? { split: "training" } : undefined),
  camvid: (root, purpose) =>
    has(root, "trainannot") || has(root, "testannot")
      ? splitIn(root, purpose, ["test", "val", "train"])
      : undefined,
  // Its video sequences have folders in RGB/, and other ids.
  synthia: (root) =>
    has(root, "RGB", "GT/LABELS") &&
    namesIn(join(root, "RGB")).some((name) => isFile(join(root, "RGB", name)))
      ? {}
      : undefined,
  synscapes: (root) => (has(root, "img/rgb", "img/class") ? {} : undefined),
  "virtual-kitti-2": (root) =>
    ["Scene01", "Scene02", "Scene06", "Scene18", "Scene20"].some((scene) => has(root, scene))
      ? {}
      : undefined,
  "carla-0.9.10": (root) =>
    has(root, "rgb", "semantic") && hasOldTags(join(root, "semantic")) ? {} : undefined,
  carla: (root) => (has(root, "rgb", "semantic") ? {} : undefined),
  gta5: (root) => (has(root, "images", "labels") && isGta5(join(root, "labels")) ? {} : undefined),
};

/** GTA5's names are those of a plain pair, too: the labels tell, palette PNGs of Cityscapes ids. */
function isGta5(labels: string): boolean {
  const names = namesIn(labels);
  if (names.length === 0 || names.some((name) => !/^\d{5}\.png$/.test(name))) return false;
  const first = join(labels, names[0] as string);
  try {
    const { values, indexed } = decodeLabel(readFileSync(first), first, "id");
    return indexed && values.every((id) => id <= 34);
  } catch (error) {
    if (error instanceof UserError) return false; // colours, or damaged: reported where it matters
    throw error;
  }
}

/** Its folders are those of a plain pair, too: other folders tell, or its names of 22 characters. */
function isMapillary(root: string, split: string): boolean {
  if (!has(root, join(split, "images"))) return false;
  if (["v1.2", "v2.0", "instances"].some((name) => has(root, join(split, name)))) return true;
  return namesIn(join(root, split, "images")).every((name) => /^[\w-]{22}\.jpg$/.test(name));
}

/** Whether labels of CARLA have the tags before release 0.9.14, in which roads were 7 and the sky 13: later rare tags. */
function hasOldTags(labels: string): boolean {
  const files = readdirSync(labels, { recursive: true, encoding: "utf8" })
    .filter((name) => /\.png$/i.test(name) && isFile(join(labels, name)))
    .sort(compareNames);
  let [old, all] = [0, 0];
  for (const path of [0, 1, 2, 3, 4].map((k) => files[Math.floor((k * files.length) / 5)])) {
    if (path === undefined) continue;
    for (const value of redValues(join(labels, path))) {
      if (value === 7 || value === 13) old++;
      all++;
    }
  }
  return old > 0.1 * all;
}

/** The red channel of a label; [] if it cannot be read, which is reported where it matters. */
function redValues(path: string): number[] {
  try {
    return [...decodeLabel(readFileSync(path), path, "color").values].map((color) => color >> 16);
  } catch (error) {
    if (!(error instanceof UserError)) throw error;
    return [];
  }
}

const namesIn = (folder: string): string[] =>
  readdirSync(folder).filter((name) => !name.startsWith("."));

/**
 * Recognises a published layout, an export of a labelling tool, or a pair of folders. An archive may have been
 * unpacked into one folder more.
 * @throws UserError if the folder does not exist, is an archive, or has no images
 */
export async function recognise(root: string, purpose: Purpose): Promise<Recognised> {
  await requireFolder(root, "a folder of images, with or without labels");
  const tool = await recogniseTool(root, purpose);
  if (tool) return { kind: "tool", spec: { ...tool, root } };
  for (const [type, mark] of Object.entries(PUBLISHED)) {
    const options = mark(root, purpose);
    if (options) return { kind: "published", spec: { type, root, ...options } };
  }
  const inside = namesIn(root).length === 1 ? await recogniseBelow(root, purpose) : [];
  if (inside[0] && inside[0].kind !== "folder") return inside[0];
  const pair = (await findPair(root)) ?? (await whole(root));
  const { count, ...options } = pair;
  return { kind: "folder", spec: { type: "folder", root, ...options } };
}

/** What is recognised in each of the folders directly inside of a folder. */
export async function recogniseBelow(root: string, purpose: Purpose): Promise<Recognised[]> {
  const found: Recognised[] = [];
  for (const name of namesIn(root).filter((name) => has(root, name))) {
    try {
      found.push(await recognise(join(root, name), purpose));
    } catch (error) {
      if (!(error instanceof UserError)) throw error;
    }
  }
  return found;
}

/** All images of a folder. @throws UserError if there are none, or labels among them */
async function whole(root: string): Promise<FoundPair> {
  const found = (await filesBelow(root)).filter((name) => /\.(png|jpe?g|webp)$/i.test(name));
  const label = found.find((name) => name.includes("/") && LABEL.test(dirname(name)));
  if (label !== undefined && found.some((name) => !name.includes("/"))) {
    throw new UserError(
      "dataset-layout",
      `${root}: its images are next to the folder ${dirname(label)}: move them into a folder, such as images/.`,
    );
  }
  if (found.length > 0) return { images: ".", count: found.length };
  await requireUnpacked(root);
  const kinds = await kindsIn([root]);
  throw new UserError(
    "no-images",
    `${root}: no images found; expected PNG, JPEG or WebP files${kinds ? `, found ${kinds}` : ""}.`,
  );
}

/** The `type` and options of an export. */
async function recogniseTool(
  root: string,
  purpose: Purpose,
): Promise<{ readonly type: string } | undefined> {
  // Custom classes in Pascal's layout (labelme2voc) are listed in class_names.txt: a plain pair of folders.
  if (has(root, "SegmentationClass") && !isFile(join(root, "class_names.txt"))) {
    const type = isFile(join(root, "labelmap.txt")) ? "cvat-mask" : "voc";
    const lists = join(root, "ImageSets", "Segmentation");
    const names = isFolder(lists) ? namesIn(lists).map((name) => name.replace(/\.txt$/, "")) : [];
    if (names.length < 2) return { type };
    const wanted = purpose === "evaluate" ? ["val", "test"] : ["train", "trainval"];
    return { type, ...{ split: wanted.find((name) => names.includes(name)) ?? names[0] } };
  }
  if (isFile(join(root, "dataset_meta.json"))) return { type: "datumaro" };
  if (isFile(join(root, "_classes.csv"))) return { type: "roboflow-mask" };
  for (const split of purpose === "evaluate" ? ["valid", "test", "train"] : ["train", "valid"]) {
    if (isFile(join(root, split, "_classes.csv"))) return { type: "roboflow-mask", ...{ split } };
  }
  if (isFile(join(root, "meta.json")) && namesIn(root).some((name) => has(root, `${name}/img`))) {
    return { type: "supervisely" };
  }
  return (await byAnnotationFile(root, purpose)) ?? byJsonFiles(root);
}

/** By the YAML, XML or JSON file of the whole export. */
async function byAnnotationFile(root: string, purpose: Purpose) {
  const files = namesIn(root).filter((name) => isFile(join(root, name)));
  for (const name of files) {
    const extension = extname(name).toLowerCase();
    if (/^\.ya?ml$/.test(extension)) {
      const text = await readText(join(root, name));
      if (!/^names:/m.test(text) || !/^train:/m.test(text)) continue;
      const split = purpose === "evaluate" && /^(val|valid):\s*\S/m.test(text) ? "val" : "train";
      return { type: "yolo", config: name, split };
    }
    if (extension === ".xml" && (await readText(join(root, name))).includes("<annotations>")) {
      return { type: "cvat-xml", annotations: name };
    }
  }
  const inFolder = isFolder(join(root, "annotations")) ? namesIn(join(root, "annotations")) : [];
  const candidates = [...inFolder.map((name) => join("annotations", name)), ...files]
    .filter((name) => name.endsWith(".json"))
    .sort((a, b) => preference(b, purpose) - preference(a, purpose));
  for (const name of candidates.slice(0, 8)) {
    const type = typeOfJson(await readJson(join(root, name)).catch(() => undefined));
    if (type !== undefined && type !== "labelme") return { type, annotations: name };
  }
  return undefined;
}

/** Prefer files of the wanted split, and COCO's instances to its other kinds. */
const preference = (name: string, purpose: Purpose): number =>
  Number((purpose === "evaluate" ? /val|test/ : /train|default/).test(name)) +
  2 * Number(/instances|_annotations|panoptic/.test(name));

function typeOfJson(file: unknown): string | undefined {
  if (Array.isArray(file))
    return isTable(file[0]) && isTable(file[0].data) ? "label-studio" : undefined;
  if (!isTable(file)) return undefined;
  if (Array.isArray(file.shapes) && "imagePath" in file) return "labelme";
  if (!Array.isArray(file.images) || !Array.isArray(file.categories)) return undefined;
  const [first] = Array.isArray(file.annotations) ? file.annotations : [];
  if (isTable(first) && "segments_info" in first) return "coco-panoptic";
  return !isTable(first) || "segmentation" in first ? "coco" : undefined;
}

/** LabelMe: a JSON file per image, anywhere below. */
async function byJsonFiles(root: string): Promise<{ readonly type: string } | undefined> {
  const files = await filesBelow(root);
  const file = files.find((name) => name.endsWith(".json"));
  if (
    file === undefined ||
    typeOfJson(await readJson(join(root, file)).catch(() => undefined)) !== "labelme"
  ) {
    return undefined;
  }
  const top = (name: string | undefined) => (name?.includes("/") ? name.split("/")[0] : ".");
  const [images, annotations] = [files.find((name) => /\.(png|jpe?g|webp)$/i.test(name)), file].map(
    top,
  );
  return images === annotations
    ? { type: "labelme" }
    : { type: "labelme", ...{ images, annotations } };
}
