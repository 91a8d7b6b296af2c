import { basename, dirname, join, resolve } from "node:path";
import { parse } from "yaml";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { filesByStem, imageExtensions, isFolder } from "../files/find-files.js";
import type { ImageFolder } from "../files/layout.js";
import { whyUnreadable } from "../files/regular-file.js";
import type { ExportClass } from "./export-labelling.js";
import { findExport } from "./find-export.js";
import { polygon } from "./polygon.js";
import { isTable, readText, type Table } from "./read-json.js";
import { drawnAnnotation, drawRegions, UNLABELLED } from "./regions.js";
import { toolExport } from "./tool-export.js";

interface Own {
  readonly config?: string | undefined;
  readonly split: "train" | "val" | "test";
}

/** A polygon of a text file; coordinates are shares of the image's width and height. */
interface Outline {
  readonly value: number;
  readonly corners: readonly number[];
}

/** Text files and their polygons, by sample name. */
type Outlines = ReadonlyMap<string, { readonly file: string; readonly found: readonly Outline[] }>;

/**
 * Ultralytics YOLO: a YAML file with `names` and the folders of the splits. With `masks_dir`, labels are PNGs
 * of class numbers, and 255 is ignored; else text files with one polygon per line, drawn in their order. An
 * image without text file has no objects, as in Ultralytics.
 */
export const yolo = toolExport<Own>(
  "yolo",
  {
    /** The YAML file; the only one by default. */
    config: z.string().optional(),
    /** A split of the YAML file. */
    split: z.enum(["train", "val", "test"]).default("train"),
  },
  async ({ root, config, split, labelled }) => {
    const expected = "a YAML file with `names` and `train`, as Ultralytics reads it";
    const path = await findExport(root, {
      given: config,
      key: "config",
      folders: ["."],
      extensions: [".yaml", ".yml"],
      prefer: /^(data|dataset)\.ya?ml$/,
      expected,
    });
    const yaml = yamlOf(await readText(path), path);
    const classes = namesOf(yaml, path);
    const folders = await foldersOf(yaml, split, path);
    const masks = typeof yaml.masks_dir === "string" ? yaml.masks_dir : undefined;
    const layout = { root, expected, folders: masks ? folders.map(withMasks(masks)) : folders };
    if (masks !== undefined) {
      return {
        layout,
        classes: { path, key: "id", classes, ignored: [255] },
        beside: [path],
      };
    }
    const known = new Set(classes.map(({ value }) => value));
    const outlines: Outlines = labelled === false ? new Map() : await outlinesOf(folders, known);
    return {
      layout: {
        ...layout,
        annotations: (images) =>
          new Map(
            [...images.keys()].map((name) => {
              const { file = path, found = [] } = outlines.get(name) ?? {};
              return [name, annotationOf(file, found)] as const;
            }),
          ),
      },
      classes: {
        path,
        key: "id",
        classes,
        unlabelled: UNLABELLED,
        used: new Set(
          [...outlines.values()].flatMap(({ found }) => found.map(({ value }) => value)),
        ),
      },
      beside: [path],
    };
  },
);

const annotationOf = (path: string, outlines: readonly Outline[]) => ({
  ...drawnAnnotation(path, undefined, []),
  empty: outlines.length === 0,
  draw: (size: { width: number; height: number }) =>
    drawRegions(
      outlines.map(({ value, corners }) => {
        const scaled = corners.map((share, i) => share * (i % 2 === 0 ? size.width : size.height));
        return { value, paint: polygon([scaled]) };
      }),
      size,
    ),
});

function yamlOf(text: string, path: string): Table {
  try {
    const value: unknown = parse(text);
    if (isTable(value) && "names" in value) return value;
  } catch (error) {
    throw new UserError(
      "damaged-file",
      `${path}: this is not valid YAML (${whyUnreadable(error)}): correct that line.`,
      { cause: error },
    );
  }
  throw new UserError("unsupported-file", `${path}: expected \`names\` and \`train\`, as in YOLO.`);
}

/** `names` is a list, or a table from class numbers to names. */
function namesOf({ names }: Table, path: string): ExportClass[] {
  if (!Array.isArray(names) && !isTable(names)) {
    throw new UserError(
      "unsupported-file",
      `${path}: names: expected class numbers and names, found ${JSON.stringify(names)}.`,
    );
  }
  const entries = Array.isArray(names) ? [...names.entries()] : Object.entries(names);
  return entries.map(([id, name]) => {
    const value = Number(id);
    if (Number.isInteger(value) && value >= 0 && typeof name === "string") return { value, name };
    throw new UserError(
      "unsupported-file",
      `${path}: names: expected class numbers and names, found ${id}: ${JSON.stringify(name)}.`,
    );
  });
}

/** The folders of images of a split. Paths start from `path` of the file if it exists here, else from the file. */
async function foldersOf(yaml: Table, split: string, path: string): Promise<ImageFolder[]> {
  const entry = yaml[split] ?? (split === "val" ? yaml.valid : undefined);
  const entries = Array.isArray(entry) ? entry : [entry];
  const base = dirname(path);
  const found: ImageFolder[] = [];
  for (const folder of entries) {
    if (typeof folder !== "string" || folder === "" || folder.endsWith(".txt")) {
      throw new UserError(
        "dataset-layout",
        `${path}: ${split} is ${JSON.stringify(folder ?? null)}: expected a folder of images; ` +
          "check `split`, and use `list` to select samples.",
      );
    }
    // Exports write paths of the machine that they were made on, or one level too high.
    const own = typeof yaml.path === "string" ? [resolve(base, yaml.path, folder)] : [];
    const places = [...own, resolve(base, folder), resolve(base, folder.replace(/^(\.\.\/)+/, ""))];
    const images = (await firstFolder(places)) ?? (places[0] as string);
    found.push({ images: (await firstFolder([join(images, "images")])) ?? images });
  }
  if (found.length === 1) return found;
  return found.map(({ images }) => ({ images, prefix: `${basename(images)}/` }));
}

async function firstFolder(paths: readonly string[]): Promise<string | undefined> {
  for (const path of paths) if (await isFolder(path)) return path;
  return undefined;
}

/** The last folder named images, replaced; the same folder if there is none. */
const besideImages = (images: string, name: string): string =>
  images.replace(/([\\/])images(?=$|[\\/](?!.*[\\/]images(?:$|[\\/])))/, `$1${name}`);

const withMasks =
  (masks: string) =>
  ({ images, ...folder }: ImageFolder): ImageFolder => ({
    ...folder,
    images,
    labels: besideImages(images, masks),
  });

/** The polygons in the text files, by sample name. */
async function outlinesOf(
  folders: readonly ImageFolder[],
  classes: ReadonlySet<number>,
): Promise<Outlines> {
  const outlines = new Map<string, { file: string; found: readonly Outline[] }>();
  for (const { images, prefix = "" } of folders) {
    const labels = besideImages(images, "labels");
    if (!(await isFolder(labels))) {
      throw new UserError(
        "dataset-layout",
        `${labels} does not exist: expected the text files of ${images}; check \`root\`.`,
      );
    }
    const known = await filesByStem(images, imageExtensions);
    const missing: string[] = [];
    for (const [stem, file] of await filesByStem(labels, [".txt"])) {
      if (known.has(stem)) {
        outlines.set(prefix + stem, {
          file,
          found: outlinesIn(await readText(file), file, classes),
        });
      } else if (stem !== "classes") missing.push(file);
    }
    if (missing.length === 0) continue;
    throw new UserError(
      "unpaired-files",
      `${missing[0]}: it has no image in ${images}${missing.length > 1 ? `, nor have ${missing.length - 1} others` : ""}: ` +
        "add the images, or remove the text files.",
    );
  }
  return outlines;
}

function outlinesIn(text: string, path: string, classes: ReadonlySet<number>): Outline[] {
  return text.split(/\r?\n/).flatMap((line, index): Outline[] => {
    if (line.trim() === "") return [];
    const where = `${path}:${index + 1}`;
    const [value = -1, ...corners] = line.trim().split(/\s+/).map(Number);
    if (!Number.isInteger(value) || value < 0 || !corners.every(Number.isFinite)) {
      throw new UserError("damaged-file", `${where}: expected a class number and x y pairs.`);
    }
    if (!classes.has(value)) {
      throw new UserError(
        "class-mismatch",
        `${where}: class ${value} is not in \`names\`, which has ${classes.size} classes: correct one of them.`,
      );
    }
    if (corners.length === 4) {
      throw new UserError(
        "unsupported-file",
        `${where}: it is a box of a detection data set: export polygons (YOLO segmentation).`,
      );
    }
    if (corners.length >= 6 && corners.length % 2 === 0) return [{ value, corners }];
    throw new UserError(
      "damaged-file",
      `${where}: a polygon has ${corners.length} coordinates; expected three or more pairs.`,
    );
  });
}
