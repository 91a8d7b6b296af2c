import { basename, dirname, join, resolve } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import type { RawLabel, Size } from "../dataset.js";
import { isFolder } from "../files/find-files.js";
import { readLabel } from "../files/labels.js";
import type { Annotation } from "../files/layout.js";
import { cocoOptions } from "./coco.js";
import { type CocoFile, type CocoOptions, classIn, imageOf, readCoco } from "./coco-file.js";
import { matchImages } from "./match-images.js";
import { listOf, numberOf, tableOf, textOf } from "./read-json.js";
import { UNLABELLED } from "./regions.js";
import { toolExport } from "./tool-export.js";

interface Own extends CocoOptions {
  readonly labels?: string | undefined;
}

/**
 * COCO panoptic (Kirillov et al., CVPR 2019): PNGs whose colour is the id of a segment, red + 256 green +
 * 65536 blue, and a JSON file with the category of each segment. Black is not labelled, and is ignored.
 */
export const cocoPanoptic = toolExport<Own>(
  "coco-panoptic",
  {
    ...cocoOptions,
    /** Folder of the PNGs; that with the name of the annotation file by default. */
    labels: z.string().optional(),
  },
  async (options) => {
    const file = await readCoco(options, "panoptic");
    const labels =
      options.labels === undefined
        ? join(dirname(file.path), basename(file.path, ".json"))
        : resolve(options.root, options.labels);
    if (options.labelled !== false && !(await isFolder(labels))) {
      throw new UserError(
        "dataset-layout",
        `${labels} does not exist: expected the PNGs of ${file.path}; set \`labels\` to their folder.`,
      );
    }
    const { annotated, used } = segmentsOf(file, labels);
    return {
      layout: {
        root: options.root,
        expected: "a COCO file, such as annotations/panoptic_train.json, its PNGs and images",
        folders: [{ images: file.images }],
        annotations: (images, listed) => matchImages(images, annotated, listed),
      },
      classes: {
        path: file.path,
        key: "id",
        classes: file.classes,
        used,
        ...(options.unlabelled === undefined
          ? { ignored: [UNLABELLED] }
          : { unlabelled: UNLABELLED }),
      },
      beside: [file.path],
    };
  },
);

function segmentsOf(file: CocoFile, folder: string) {
  const used = new Set<number>();
  const annotated = file.annotations.map((entry, index) => {
    const where = `${file.path}: annotations[${index}]`;
    const annotation = tableOf(entry, where);
    const image = file.byId.get(imageOf(file, annotation, where)) as Size & { name: string };
    const classes = new Map([[0, UNLABELLED]]);
    for (const segment of listOf(annotation.segments_info, `${where}.segments_info`)) {
      const fields = tableOf(segment, `${where}.segments_info`);
      const value = classIn(file, fields, `${where}.segments_info`);
      used.add(value);
      classes.set(numberOf(fields.id, `${where}.segments_info: id`), value);
    }
    const path = join(folder, textOf(annotation.file_name, `${where}.file_name`));
    const drawn: Annotation = { path, draw: () => readSegments(path, classes) };
    return { names: [image.name], annotation: drawn };
  });
  return { annotated, used };
}

/** The classes of the segments in a PNG. @throws UserError for segments that the file does not list */
async function readSegments(path: string, classes: ReadonlyMap<number, number>): Promise<RawLabel> {
  const { values: colors, ...label } = await readLabel(path, "color");
  const values = Uint16Array.from(colors, (color) => {
    const id = (color >> 16) + 256 * ((color >> 8) & 255) + 65536 * (color & 255);
    const value = classes.get(id);
    if (value !== undefined) return value;
    throw new UserError(
      "label-value",
      `${path}: segment ${id} is not in the segments_info of its annotation: export both again.`,
    );
  });
  return { ...label, values, depth: 16, indexed: true };
}
