import { basename, dirname, relative } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import type { Color, Size } from "../dataset.js";
import type { ExportClass } from "./export-labelling.js";
import { findExport, findImages } from "./find-export.js";
import { isTable, listOf, numberOf, readJson, type Table, tableOf, textOf } from "./read-json.js";

/** An image of a COCO file. */
export interface CocoImage extends Size {
  readonly name: string;
}

/** What COCO's kinds of annotations share. */
export interface CocoFile {
  readonly path: string;
  /** Folder of the images. */
  readonly images: string;
  readonly byId: ReadonlyMap<number | string, CocoImage>;
  readonly classes: readonly ExportClass[];
  /** Index in `classes` by category id; ids may have gaps. */
  readonly indexOf: ReadonlyMap<number, number>;
  readonly annotations: readonly unknown[];
}

/** Where the options say that files are. */
export interface CocoOptions {
  readonly root: string;
  readonly annotations?: string | undefined;
  readonly images?: string | undefined;
}

/**
 * Reads a COCO file.
 * @param kind the beginning of its name in COCO: "instances" or "panoptic"
 * @throws UserError if it cannot be found, or is not such a file
 */
export async function readCoco(options: CocoOptions, kind: string): Promise<CocoFile> {
  const { root, annotations: given } = options;
  const path = await findExport(root, {
    given,
    key: "annotations",
    folders: ["annotations", "."],
    extensions: [".json"],
    prefer: new RegExp(`(^|[\\\\/])${kind}[^\\\\/]*$`),
    expected: `a COCO file, such as annotations/${kind}_train.json`,
  });
  const file: unknown = await readJson(path);
  if (!isTable(file) || !("images" in file && "annotations" in file && "categories" in file)) {
    throw new UserError(
      "unsupported-file",
      `${path}: expected images, annotations and categories, as in COCO's ${kind} files.`,
    );
  }
  const byId = imagesOf(file, path);
  const [first] = byId.values();
  const split = basename(path, ".json").replace(/^[a-z]+_/, "");
  const folders = [split, `images/${split}`, "images", relative(root, dirname(path)) || ".", "."];
  return {
    path,
    images: await findImages(root, options.images, folders, first?.name),
    byId,
    ...categoriesOf(file, path),
    annotations: listOf(file.annotations, `${path}: annotations`),
  };
}

function imagesOf(file: Table, path: string): Map<number | string, CocoImage> {
  const byId = new Map<number | string, CocoImage>();
  for (const [index, entry] of listOf(file.images, `${path}: images`).entries()) {
    const where = `${path}: images[${index}]`;
    const image = tableOf(entry, where);
    const id = idOf(image.id, where);
    if (byId.has(id)) throw new UserError("unsupported-file", `${where}: id ${id} occurs twice.`);
    byId.set(id, {
      name: textOf(image.file_name, `${where}.file_name`),
      width: numberOf(image.width, `${where}.width`),
      height: numberOf(image.height, `${where}.height`),
    });
  }
  return byId;
}

/** Ids of images are numbers, but some tools write text. */
const idOf = (id: unknown, where: string): number | string =>
  typeof id === "string" ? id : numberOf(id, `${where}.id`);

/** Categories in the order of the file. Those with the same name are one class. */
function categoriesOf(file: Table, path: string): Pick<CocoFile, "classes" | "indexOf"> {
  const names: string[] = [];
  const colors: (Color | undefined)[] = [];
  const indexOf = new Map<number, number>();
  for (const [index, entry] of listOf(file.categories, `${path}: categories`).entries()) {
    const where = `${path}: categories[${index}]`;
    const category = tableOf(entry, where);
    const name = textOf(category.name, `${where}.name`);
    if (!names.includes(name)) colors[names.push(name) - 1] = colorOf(category.color);
    indexOf.set(numberOf(category.id, `${where}.id`), names.indexOf(name));
  }
  return { classes: names.map((name, value) => ({ name, value, color: colors[value] })), indexOf };
}

const rgb = z.tuple([z.int().min(0).max(255), z.int().min(0).max(255), z.int().min(0).max(255)]);

/** The colour of a category, as in COCO's own list of panoptic categories; most tools do not write one. */
const colorOf = (value: unknown): Color | undefined => rgb.safeParse(value).data;

/** The image of an annotation. @throws UserError if the file does not list it */
export function imageOf({ byId }: CocoFile, annotation: Table, where: string): number | string {
  const id = idOf(annotation.image_id, where);
  if (byId.has(id)) return id;
  throw new UserError(
    "unpaired-files",
    `${where}: image_id ${id} is not one of the ${byId.size} \`images\` of the file: export it again.`,
  );
}

/** The class of an annotation. @throws UserError if the file does not list its category */
export function classIn({ indexOf }: CocoFile, annotation: Table, where: string): number {
  const id = numberOf(annotation.category_id, `${where}.category_id`);
  const index = indexOf.get(id);
  if (index !== undefined) return index;
  throw new UserError(
    "class-mismatch",
    `${where}: category_id ${id} is not in \`categories\`, which have the ids ` +
      `${[...indexOf.keys()].slice(0, 20).join(", ")}: export it again.`,
  );
}
