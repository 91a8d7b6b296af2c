import { join } from "node:path";
import { z } from "zod";
import { UserError } from "../../errors.js";
import { isFile } from "../../regular-file.js";
import type { Color } from "../dataset.js";
import { requireFolder } from "../files/find-files.js";
import { vocColor } from "./cvat-mask.js";
import type { ExportClass } from "./export-labelling.js";
import { requireUnpacked } from "./find-export.js";
import { listOf, numbersOf, readJson, tableOf, textOf } from "./read-json.js";
import { toolExport } from "./tool-export.js";

interface Own {
  readonly images: string;
  readonly labels: string;
}

/**
 * Datumaro's "Common Semantic Segmentation": images/*.png, masks/*.png in the colours of dataset_meta.json.
 * Without colours there, those of Pascal VOC.
 */
export const datumaro = toolExport<Own>(
  "datumaro",
  {
    /** Folders of the images and of the masks. */
    images: z.string().default("images"),
    labels: z.string().default("masks"),
  },
  async ({ root, images, labels }) => {
    const expected = `dataset_meta.json, ${images}/ with images and ${labels}/ with masks of the same names`;
    await requireFolder(root, expected);
    const path = join(root, "dataset_meta.json");
    if (!isFile(path)) {
      await requireUnpacked(root);
      throw new UserError("dataset-layout", `${path} does not exist: expected ${expected}.`);
    }
    const { classes, background } = classesOf(await readJson(path), path);
    return {
      layout: {
        root,
        expected,
        folders: [{ images: join(root, images), labels: join(root, labels) }],
      },
      classes: { path, key: "color", classes, unlabelled: background },
      beside: [path],
    };
  },
);

function classesOf(file: unknown, path: string) {
  const meta = tableOf(file, path);
  const labels = tableOf(meta.label_map, `${path}: label_map`);
  const given = listOf(meta.segmentation_colors ?? [], `${path}: segmentation_colors`);
  const classes = Object.entries(labels).map(([id, name], index): ExportClass => {
    const place = /^\d+$/.test(id) ? Number(id) : index;
    // Datumaro writes a colour per label with a colour, and reads it by the id of the label.
    const color =
      given.length === 0
        ? vocColor(place)
        : numbersOf(given[place] ?? given[index], `${path}: segmentation_colors[${place}]`);
    const [r = 0, g = 0, b = 0] = color;
    return {
      name: textOf(name, `${path}: label_map.${id}`),
      value: (r << 16) | (g << 8) | b,
      color: [r, g, b] satisfies Color,
    };
  });
  // Black is what Datumaro writes where there is no mask.
  return { classes, background: 0 };
}
