import { dirname, join, relative, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { isFile } from "../../regular-file.js";
import { compareNames, filesBelow, requireFolder } from "../files/find-files.js";
import { bitmap } from "./bitmap.js";
import { requireUnpacked } from "./find-export.js";
import { type AnnotatedImage, matchImages } from "./match-images.js";
import { ellipse, polygon, rectangle } from "./polygon.js";
import {
  isTable,
  listOf,
  numberOf,
  pointsOf,
  readJson,
  readText,
  type Table,
  tableOf,
  textOf,
} from "./read-json.js";
import { drawnAnnotation, type Paint, type Region, UNLABELLED, valuesIn } from "./regions.js";
import { toolExport } from "./tool-export.js";

interface Own {
  readonly images: string;
  readonly annotations: string;
}

/** A JSON file, with the names of its regions. */
interface Labelled {
  readonly path: string;
  readonly names: readonly string[];
  readonly size: { readonly width: number; readonly height: number };
  readonly shapes: readonly { readonly label: string; readonly paint: Paint }[];
}

const IGNORED = UNLABELLED - 1;

/** The names of LabelMe for pixels that no shape covers, and for those that no loss counts. */
const RESERVED: ReadonlyMap<string, number> = new Map([
  ["_background_", UNLABELLED],
  ["__ignore__", IGNORED],
]);

/**
 * LabelMe (github.com/wkentaro/labelme): one JSON file per image, with the same name. The classes are those
 * of labels.txt if it exists, else the labels that occur, in alphabetical order.
 */
export const labelme = toolExport<Own>(
  "labelme",
  {
    /** Folder of the images. */
    images: z.string().default("."),
    /** Folder of the JSON files. */
    annotations: z.string().default("."),
  },
  async ({ root, images, annotations }) => {
    const expected = "images and JSON files of the same names, as LabelMe writes them";
    const folder = resolve(root, annotations);
    await requireFolder(root, expected);
    await requireFolder(folder, expected);
    const files = (await filesBelow(folder)).filter((name) => /\.json$/i.test(name));
    if (files.length === 0) {
      await requireUnpacked(root);
      throw new UserError(
        "dataset-layout",
        `${folder} does not contain JSON files: expected ${expected}.`,
      );
    }
    const labelled: Labelled[] = [];
    for (const name of files.sort(compareNames)) labelled.push(await readFile(folder, name));
    const list = join(root, "labels.txt");
    const listed = isFile(list) ? namesIn(await readText(list)) : undefined;
    const names = listed ?? namesOf(labelled);
    const indexOf = new Map(names.map((name, index) => [name, index]));
    const regions = labelled.map(({ path, shapes }) =>
      shapes.map(({ label, paint }): Region => {
        const value = RESERVED.get(label) ?? indexOf.get(label);
        if (value !== undefined) return { value, paint };
        throw new UserError(
          "class-mismatch",
          `${path}: "${label}" is not in ${list}, which has ${names.join(", ")}: add it there.`,
        );
      }),
    );
    const annotated = labelled.map(
      ({ path, size, names }, i): AnnotatedImage => ({
        names,
        annotation: drawnAnnotation(path, size, regions[i] ?? []),
      }),
    );
    return {
      layout: {
        root,
        expected,
        folders: [{ images: resolve(root, images) }],
        annotations: (found, listed) => matchImages(found, annotated, listed),
      },
      classes: {
        path: listed ? list : folder,
        key: "id",
        classes: names.map((name, value) => ({ name, value })),
        unlabelled: UNLABELLED,
        ignored: [IGNORED],
        used: new Set([...valuesIn(regions)].filter((value) => value < IGNORED)),
      },
      beside: listed ? [list] : [],
    };
  },
);

/** The classes in labels.txt, without the two that LabelMe reserves. */
const namesIn = (text: string): string[] =>
  text
    .split(/\r?\n/)
    .map((line) => line.trim())
    .filter((line) => line !== "" && !RESERVED.has(line));

const namesOf = (files: readonly Labelled[]): string[] =>
  [...new Set(files.flatMap(({ shapes }) => shapes.map(({ label }) => label)))]
    .filter((label) => !RESERVED.has(label))
    .sort(compareNames);

async function readFile(folder: string, name: string): Promise<Labelled> {
  const path = join(folder, name);
  const file = await readJson(path);
  if (!isTable(file) || !("shapes" in file && "imagePath" in file && "imageHeight" in file)) {
    throw new UserError(
      "unsupported-file",
      `${path}: expected shapes, imagePath, imageHeight and imageWidth, as LabelMe 3 or newer writes them.`,
    );
  }
  const stem = name.replace(/\.json$/i, "");
  const image = textOf(file.imagePath, `${path}: imagePath`).replaceAll("\\", "/");
  return {
    path,
    names: [stem, relative(folder, join(folder, dirname(name), image)), image],
    size: {
      width: numberOf(file.imageWidth, `${path}: imageWidth`),
      height: numberOf(file.imageHeight, `${path}: imageHeight`),
    },
    shapes: listOf(file.shapes, `${path}: shapes`).map((shape, index) =>
      shapeOf(tableOf(shape, `${path}: shapes[${index}]`), `${path}: shapes[${index}]`),
    ),
  };
}

function shapeOf(shape: Table, where: string) {
  const label = textOf(shape.label, `${where}.label`);
  return { label, paint: paintOf(shape, pointsOf(shape.points, `${where}.points`), where) };
}

function paintOf(shape: Table, points: readonly number[], where: string): Paint {
  const kind = shape.shape_type ?? "polygon";
  const [x0 = 0, y0 = 0, x1 = x0, y1 = y0] = points;
  if (kind === "polygon") return polygon([points]);
  if (kind === "rectangle") return rectangle(boxOf(points));
  if (kind === "circle") {
    const radius = Math.hypot(x1 - x0, y1 - y0);
    return ellipse({ x: x0, y: y0, rx: radius, ry: radius });
  }
  if (kind === "mask") {
    const mask = textOf(shape.mask, `${where}.mask`);
    const { left, top } = boxOf(points);
    return bitmap(() => Buffer.from(mask, "base64"), Math.round(left), Math.round(top));
  }
  throw new UserError(
    "unsupported-file",
    `${where}: a ${kind} has no area: replace it by a polygon, or remove it.`,
  );
}

/** The box around two corners, or four as X-AnyLabeling writes them; x and y in turn. */
function boxOf(points: readonly number[]) {
  const [xs, ys] = [0, 1].map((odd) => points.filter((_, i) => i % 2 === odd)) as [
    number[],
    number[],
  ];
  return {
    ...{ left: Math.min(...xs), right: Math.max(...xs) },
    ...{ top: Math.min(...ys), bottom: Math.max(...ys) },
  };
}
