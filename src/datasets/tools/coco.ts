import { z } from "zod";
import { UserError } from "../../errors.js";
import type { Size } from "../dataset.js";
import { type CocoFile, type CocoOptions, classIn, imageOf, readCoco } from "./coco-file.js";
import { matchImages } from "./match-images.js";
import { polygon } from "./polygon.js";
import { damaged, isTable, numbersOf, type Table, tableOf } from "./read-json.js";
import {
  drawnAnnotation,
  type Paint,
  type Region,
  together,
  UNLABELLED,
  valuesIn,
} from "./regions.js";
import { compressedCounts, runs } from "./runs.js";
import { toolExport } from "./tool-export.js";

/** The options of COCO's kinds of annotations. */
export const cocoOptions = {
  /** The annotation file; the only one of its kind by default. */
  annotations: z.string().optional(),
  /** Folder of the images; found by the name of the first one by default. */
  images: z.string().optional(),
};

/**
 * COCO instances (Lin et al., ECCV 2014), also as CVAT, Label Studio and Roboflow export them: polygons, and
 * RLE as lists or compressed. Annotations are drawn in the order of the file, crowds as their category.
 */
export const coco = toolExport<CocoOptions>("coco", cocoOptions, async (options) => {
  const file = await readCoco(options, "instances");
  const regions = regionsOf(file);
  return {
    layout: {
      root: options.root,
      expected: "a COCO file, such as annotations/instances_train.json, and its images",
      folders: [{ images: file.images }],
      annotations: (images, listed) =>
        matchImages(
          images,
          [...file.byId].map(([id, image]) => ({
            names: [image.name],
            annotation: drawnAnnotation(file.path, image, regions.get(id) ?? []),
          })),
          listed,
        ),
    },
    classes: {
      path: file.path,
      key: "id",
      classes: file.classes,
      unlabelled: UNLABELLED,
      used: valuesIn(regions.values()),
    },
    beside: [file.path],
  };
});

/** Regions by image id. */
function regionsOf(file: CocoFile): Map<number | string, Region[]> {
  const regions = new Map<number | string, Region[]>();
  for (const [index, entry] of file.annotations.entries()) {
    const where = `${file.path}: annotations[${index}]`;
    const annotation = tableOf(entry, where);
    const id = imageOf(file, annotation, where);
    const value = classIn(file, annotation, where);
    const paint = segmentation(annotation, file.byId.get(id) as Size, where);
    if (paint === undefined) continue;
    const list = regions.get(id);
    if (list) list.push({ value, paint });
    else regions.set(id, [{ value, paint }]);
  }
  return regions;
}

/** How the segmentation of an annotation is painted; undefined if it is empty. */
function segmentation(annotation: Table, size: Size, where: string): Paint | undefined {
  const { segmentation: found } = annotation;
  if (isTable(found)) return rle(found, size, `${where}.segmentation`);
  // The parts of one object: unlike rings, they do not cut holes into each other.
  const parts = Array.isArray(found) ? (Array.isArray(found[0]) ? found : [found]) : [];
  const drawn = parts.filter((part) => !Array.isArray(part) || part.length > 0); // [[]] is a box's
  if (drawn.length > 0)
    return together(drawn.map((part) => polygon([corners(part, `${where}.segmentation`)])));
  if (!hasBox(annotation)) return undefined;
  throw new UserError(
    "unsupported-file",
    `${where}: it has a box, but no outline: draw polygons or masks, or remove it before the export.`,
  );
}

const hasBox = ({ bbox }: Table): boolean =>
  Array.isArray(bbox) && Number(bbox[2]) > 0 && Number(bbox[3]) > 0;

function corners(part: unknown, where: string): readonly number[] {
  if (part === null) throw new UserError("unsupported-file", `${where}: a polygon is missing.`);
  const numbers = numbersOf(part, where);
  if (numbers.length % 2 === 0) return numbers;
  throw new UserError(
    "damaged-file",
    `${where}: a polygon has ${numbers.length} coordinates, but x and y come in pairs: export it again.`,
  );
}

function rle({ counts, size }: Table, image: Size, where: string): Paint {
  const [height, width] = numbersOf(size, `${where}.size`);
  if (width !== image.width || height !== image.height) {
    throw new UserError(
      "label-size",
      `${where}: the RLE is ${width}x${height}, but its image is ${image.width}x${image.height}: export it again.`,
    );
  }
  return damaged(where, () => {
    const lengths =
      typeof counts === "string" ? compressedCounts(counts) : numbersOf(counts, `${where}.counts`);
    return runs(lengths, { left: 0, top: 0, width: image.width, height: image.height }, "columns");
  });
}
