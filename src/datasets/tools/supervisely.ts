import { join } from "node:path";
import { inflateSync } from "node:zlib";
import { UserError } from "../../errors.js";
import { isFile } from "../../regular-file.js";
import type { Color } from "../dataset.js";
import { entriesOf, filesBelow, isFolder, requireFolder } from "../files/find-files.js";
import { bitmap } from "./bitmap.js";
import type { ExportClass } from "./export-labelling.js";
import { requireUnpacked } from "./find-export.js";
import { type AnnotatedImage, matchImages } from "./match-images.js";
import { polygon, rectangle } from "./polygon.js";
import { listOf, numberOf, pointsOf, readJson, type Table, tableOf, textOf } from "./read-json.js";
import { drawnAnnotation, type Paint, type Region, UNLABELLED } from "./regions.js";
import { toolExport } from "./tool-export.js";

/** Most bytes of an inflated mask: a PNG is never much larger than its zlib stream. */
const MOST_BYTES = 2 ** 29;

/**
 * A Supervisely project: meta.json, and for each of its data sets img/a.jpg with ann/a.jpg.json. Polygons may
 * have holes; bitmaps are PNGs.
 */
export const supervisely = toolExport("supervisely", {}, async ({ root }) => {
  const expected =
    "meta.json, and folders with img/a.jpg and ann/a.jpg.json, a project of Supervisely";
  await requireFolder(root, expected);
  const path = join(root, "meta.json");
  if (!isFile(path)) {
    await requireUnpacked(root);
    throw new UserError("dataset-layout", `${path} does not exist: expected ${expected}.`);
  }
  const classes = classesOf(await readJson(path), path);
  const indexOf = new Map(classes.map(({ name, value }) => [name, value]));
  const sets = await setsIn(root);
  const annotated: AnnotatedImage[] = [];
  const used = new Set<number>();
  for (const set of sets) {
    const folder = join(root, set, "ann");
    if (!(await isFolder(folder))) continue;
    for (const name of await filesBelow(folder)) {
      if (!name.endsWith(".json")) continue;
      const file = join(folder, name);
      const { size, regions } = readAnnotation(await readJson(file), indexOf, file);
      for (const { value } of regions) used.add(value);
      annotated.push({
        names: [`${set}/${name.slice(0, -".json".length)}`],
        annotation: drawnAnnotation(file, size, regions),
      });
    }
  }
  return {
    layout: {
      root,
      expected,
      folders: (sets.length > 0 ? sets : ["dataset"]).map((set) => ({
        images: join(root, set, "img"),
        prefix: `${set}/`,
      })),
      annotations: (images, listed) => matchImages(images, annotated, listed),
    },
    classes: { path, key: "id", classes, unlabelled: UNLABELLED, used },
    beside: [path],
  };
});

/** The data sets in a folder, and those nested in their folder "datasets". */
async function setsIn(root: string, below = ""): Promise<string[]> {
  const sets: string[] = [];
  for (const { name } of await entriesOf(join(root, below))) {
    const set = `${below}${name}`;
    if (await isFolder(join(root, set, "img"))) sets.push(set);
    const nested = `${set}/datasets/`;
    if (await isFolder(join(root, nested))) sets.push(...(await setsIn(root, nested)));
  }
  return sets;
}

function classesOf(file: unknown, path: string): ExportClass[] {
  return listOf(tableOf(file, path).classes, `${path}: classes`).map((entry, value) => {
    const fields = tableOf(entry, `${path}: classes[${value}]`);
    const name = textOf(fields.title, `${path}: classes[${value}].title`);
    const [, hex] = /^#([0-9a-f]{6})$/i.exec(String(fields.color)) ?? [];
    if (hex === undefined) return { name, value };
    const rgb = Number.parseInt(hex, 16);
    return { name, value, color: [rgb >> 16, (rgb >> 8) & 255, rgb & 255] satisfies Color };
  });
}

function readAnnotation(file: unknown, indexOf: ReadonlyMap<string, number>, path: string) {
  const annotation = tableOf(file, path);
  const size = tableOf(annotation.size, `${path}: size`);
  const objects = listOf(annotation.objects, `${path}: objects`);
  const regions = objects.map((entry, index): Region => {
    const where = `${path}: objects[${index}]`;
    const object = tableOf(entry, where);
    const title = textOf(object.classTitle, `${where}.classTitle`);
    const value = indexOf.get(title);
    if (value !== undefined) return { value, paint: paintOf(object, where) };
    throw new UserError(
      "class-mismatch",
      `${where}: "${title}" is not a class of meta.json, which has ${[...indexOf.keys()].join(", ")}: ` +
        "export the project again.",
    );
  });
  return {
    size: {
      width: numberOf(size.width, `${path}: size.width`),
      height: numberOf(size.height, `${path}: size.height`),
    },
    regions,
  };
}

function paintOf(object: Table, where: string): Paint {
  const { geometryType: kind } = object;
  if (kind === "bitmap") return bitmapOf(tableOf(object.bitmap, `${where}.bitmap`), where);
  if (kind === "polygon" || kind === "rectangle") {
    const points = tableOf(object.points, `${where}.points`);
    const exterior = pointsOf(points.exterior, `${where}.points.exterior`);
    const holes = listOf(points.interior ?? [], `${where}.points.interior`);
    if (kind === "polygon") {
      return polygon([
        exterior,
        ...holes.map((hole) => pointsOf(hole, `${where}.points.interior`)),
      ]);
    }
    const [left = 0, top = 0, right = 0, bottom = 0] = exterior;
    return rectangle({ left, top, right, bottom });
  }
  throw new UserError(
    "unsupported-file",
    `${where}: a ${String(kind)} has no area: replace it by a polygon or bitmap, or remove it.`,
  );
}

function bitmapOf({ data, origin }: Table, where: string): Paint {
  const code = textOf(data, `${where}.bitmap.data`);
  const [left = 0, top = 0] = pointsOf([origin], `${where}.bitmap.origin`);
  return bitmap(
    () => inflateSync(Buffer.from(code, "base64"), { maxOutputLength: MOST_BYTES }),
    left,
    top,
  );
}
